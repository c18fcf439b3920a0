import { allHeaders, type HeaderList } from "../lib/header-list.ts";
import { BEARER_SUBPROTOCOL } from "../protocol/names.ts";

/** The access token that a request carries, if it carries exactly one. */
export type BearerCredential =
  | { readonly kind: "none" }
  | { readonly kind: "token"; readonly token: string }
  /** Two credentials, or one that is no token: refused, never guessed at. */
  | { readonly kind: "unusable" };

const NONE: BearerCredential = { kind: "none" };
const UNUSABLE: BearerCredential = { kind: "unusable" };
const BEARER = "bearer ";

/** Reads `Authorization: Bearer` (RFC 6750 §2.1). Another scheme is no credential of ours; two lines are unusable. */
export function readBearer(headers: HeaderList): BearerCredential {
  let value: string | null = null;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length !== 13 || name.toLowerCase() !== "authorization") continue;
    if (value !== null) return UNUSABLE;
    value = headers[index + 1] as string;
  }
  if (value === null || !isBearer(value)) return NONE;
  const token = value.slice(BEARER.length).trim();
  return token === "" ? UNUSABLE : { kind: "token", token };
}

function isBearer(value: string): boolean {
  // "Bearer" alone is a credential that lacks its token.
  return value.slice(0, BEARER.length).toLowerCase() === BEARER || value.toLowerCase() === "bearer";
}

const encodable = (letter: string): string => `(?:${letter}|%${letter.charCodeAt(0).toString(16)})`;
const QUERY_TOKEN = new RegExp(`[?&]${Array.from("access_token", encodable).join("")}=`, "i");

/**
 * Whether a token stands in the query (RFC 6750 §2.3), where logs, histories and referrers keep it: never taken, and never
 * passed on (RFC 9700 §4.3.2). In any spelling that a form decoder reads as `access_token`.
 */
export const hasQueryToken = (target: string): boolean => target.includes("?") && QUERY_TOKEN.test(target);

/** Reads the subprotocols `postern.bearer` and the token behind it, which a browser's WebSocket can offer. */
export function readSubprotocolBearer(headers: HeaderList): BearerCredential {
  const offered = allHeaders(headers, "sec-websocket-protocol").flatMap((line) => line.split(","));
  const names = offered.map((name) => name.trim());
  const at = names.indexOf(BEARER_SUBPROTOCOL);
  if (at < 0) return NONE;
  const token = names[at + 1];
  if (token === undefined || names.lastIndexOf(BEARER_SUBPROTOCOL) !== at) return UNUSABLE;
  return { kind: "token", token };
}
