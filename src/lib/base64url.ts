import { base64url } from "jose";

/** Base64url without padding (RFC 4648 §5). */
export const encodeBase64url = (bytes: Uint8Array): string => base64url.encode(bytes);

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** What stands in `BASE64URL_VALUES` for a character that is no digit. */
export const NO_VALUE = 64;
/** The six bits of each digit, by its character code. */
export const BASE64URL_VALUES = new Uint8Array(128).fill(NO_VALUE);
for (let value = 0; value < ALPHABET.length; value += 1) BASE64URL_VALUES[ALPHABET.charCodeAt(value)] = value;

/**
 * Decodes base64url strictly: no padding, no white space, and the unused bits of the last character are zero, so that
 * one byte string has one spelling (RFC 4648 §3.5). Returns null for anything else. By hand and in one pass, because every
 * token that has not been seen before comes through here: jose decodes leniently, and comparing costs 9 µs a token.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let size = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = BASE64URL_VALUES[text.charCodeAt(index)] ?? NO_VALUE;
    if (value === NO_VALUE) return null;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[size] = held >> bits;
      size += 1;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? bytes : null;
}
