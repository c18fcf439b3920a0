import { decodeBase64url } from "../lib/base64url.ts";

/** Longer tokens are refused before anything reads them. */
export const MAX_TOKEN_LENGTH = 8192;

/** The parts of a compact JWS (RFC 7515 §3.1), none of them trusted. */
export interface CompactJws {
  /** Still in base64url: those of one key's tokens are alike, and need not be decoded each time. */
  readonly header: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** What was signed: the first two parts as they stand. */
  readonly signingInput: string;
}

/** The header of a token of ours, checked for its form only. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string;
  readonly typ: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Splits a compact JWS: exactly three parts, each canonical base64url, so that one sequence of bytes has one spelling. Padding,
 * white space and changed spare bits, which libraries let pass, are refused, in the header by `readHeader`; so is a JWE, whatever is
 * in it.
 */
export function splitJws(text: string): CompactJws | null {
  if (text.length > MAX_TOKEN_LENGTH) return null;
  const first = text.indexOf(".");
  const last = text.lastIndexOf(".");
  // Where parts are missing, kilobytes would be decoded for nothing.
  if (first <= 0 || last <= first + 1 || last === text.length - 1) return null;
  const header = text.slice(0, first);
  const signature = decodeBase64url(text.slice(last + 1));
  // A further dot is in here, and is no letter of base64url.
  const payload = signature && decodeBase64url(text.slice(first + 1, last));
  if (signature === null || payload === null) return null;
  return { header, payload, signature, signingInput: text.slice(0, last) };
}

// Everything that a header of ours needs. Whatever else is in it asks for something (a key from elsewhere: `jwk`, `jku`, `x5c`,
// `x5u`; an extension: `crit`, `b64`; decompression: `zip`), and is refused rather than ignored (RFC 8725 §3.10).
const HEADER_MEMBERS = new Set(["alg", "kid", "typ"]);
const KID = /^[A-Za-z0-9_-]{1,64}$/;

/** The header of a compact JWS, or null when it is none that a token of ours has. */
export function readHeader(part: string): TokenHeader | null {
  const bytes = decodeBase64url(part);
  const members = bytes === null ? null : parseJsonObject(bytes);
  if (members === null || !Object.keys(members).every((name) => HEADER_MEMBERS.has(name))) return null;
  const { alg, kid, typ } = members;
  if (typeof alg !== "string" || typeof kid !== "string" || typeof typ !== "string" || !KID.test(kid)) return null;
  return { alg, kid, typ };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A JSON object in UTF-8, or null. Of a name that occurs twice the last one counts, everywhere: nothing else reads tokens. */
export function parseJsonObject(bytes: Uint8Array): JsonObject | null {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
