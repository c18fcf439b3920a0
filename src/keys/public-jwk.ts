import { decodeBase64url } from "../lib/base64url.ts";
import { isJsonObject, type JsonObject } from "../lib/json-object.ts";
import type { Algorithm } from "../protocol/claims.ts";
import { hasRocaFingerprint } from "./roca.ts";

export type PublicJwk = Readonly<Record<string, string>>;
export type PublicJwkResult =
  | { readonly ok: true; readonly jwk: PublicJwk }
  | { readonly ok: false; readonly problem: string };

const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;
const MIN_RSA_BITS = 2048;
// Larger ones cost more to check than a request may.
const MAX_RSA_BITS = 8192;

/**
 * Reads a public JWK (RFC 7517) for use with exactly one algorithm (RFC 8725 §3.1, §3.5). What is returned holds the members
 * of a public key and nothing else; a weak key, or one with private members, is refused with the reason.
 */
export function readPublicJwk(text: string, kid: string, alg: Algorithm): PublicJwkResult {
  const members = parseObject(text);
  if (members === null) return refuse("is not a JSON object");
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(members, name))) return refuse("has private members");
  if (members.kid !== kid) return refuse("has another kid");
  if (members.alg !== alg) return refuse("has no alg, or another one");
  if (members.use !== "sig") return refuse("is not for signatures");
  const material = readMaterial(members, alg);
  if (typeof material === "string") return refuse(material);
  return { ok: true, jwk: Object.freeze({ ...material, kid, alg, use: "sig" }) };
}

/** The members that make the key, or what is wrong with them. */
function readMaterial(members: JsonObject, alg: Algorithm): PublicJwk | string {
  switch (alg) {
    case "ES256": {
      if (members.kty !== "EC" || members.crv !== "P-256") return "is not on the curve P-256";
      const [x, y] = [coordinate(members.x), coordinate(members.y)];
      return x === null || y === null ? "has a malformed point" : { kty: "EC", crv: "P-256", x, y };
    }
    case "EdDSA": {
      if (members.kty !== "OKP" || members.crv !== "Ed25519") return "is not on the curve Ed25519";
      const x = coordinate(members.x);
      return x === null ? "has a malformed point" : { kty: "OKP", crv: "Ed25519", x };
    }
    case "RS256":
      return readRsa(members);
  }
}

function readRsa(members: JsonObject): PublicJwk | string {
  const { kty, n, e } = members;
  if (kty !== "RSA" || typeof n !== "string" || typeof e !== "string") return "is not an RSA key";
  const [modulus, exponent] = [unsigned(n), unsigned(e)];
  if (modulus === null || exponent === null) return "has a malformed number";
  const bits = modulus.toString(2).length;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) return `has ${bits} bits, not ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`;
  if (exponent < 3n || exponent >= 1n << 32n || exponent % 2n === 0n) return "has a weak public exponent";
  if (modulus % 2n === 0n) return "has an even modulus";
  if (hasRocaFingerprint(modulus)) return "was made by a flawed generator (ROCA)";
  return { kty: "RSA", n, e };
}

/** 32 bytes in canonical base64url (RFC 7518 §6.2.1.2, RFC 8037 §2). */
const coordinate = (value: unknown): string | null =>
  typeof value === "string" && decodeBase64url(value)?.length === 32 ? value : null;

/** Base64urlUInt (RFC 7518 §2): big-endian, without leading zero octets. */
function unsigned(text: string): bigint | null {
  const bytes = text.length > MAX_RSA_BITS / 4 ? null : decodeBase64url(text);
  if (bytes === null || bytes.length === 0 || bytes[0] === 0) return null;
  return BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

const refuse = (problem: string): PublicJwkResult => ({ ok: false, problem });
