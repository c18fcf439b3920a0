import { base64url } from "jose";

/** Base64url without padding (RFC 4648 §5). */
export const encodeBase64url = (bytes: Uint8Array): string => base64url.encode(bytes);

/**
 * Decodes base64url strictly: no padding, no white space, and the unused bits of the last character are zero, so that
 * one byte string has one spelling (RFC 4648 §3.5). Returns null for anything else.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(base64url.decode(text));
  return base64url.encode(bytes) === text ? bytes : null;
}
