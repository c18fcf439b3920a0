import { base64url } from "jose";

/** Base64url without padding (RFC 4648 §5). */
export const encodeBase64url = (bytes: Uint8Array): string => base64url.encode(bytes);

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** What stands in `BASE64URL_VALUES` for a character that is no digit. */
export const NO_VALUE = 64;
/** The six bits of each digit, by its character code. */
export const BASE64URL_VALUES = new Uint8Array(128).fill(NO_VALUE);
for (let value = 0; value < ALPHABET.length; value += 1) BASE64URL_VALUES[ALPHABET.charCodeAt(value)] = value;

const ascii = new TextEncoder();
/** For the characters of one text at a time: an access token is no longer. */
const SCRATCH = new Uint8Array(8192);

/**
 * Decodes base64url strictly: no padding, no white space, and the unused bits of the last character are zero, so that
 * one byte string has one spelling (RFC 4648 §3.5). Returns null for anything else. By hand, four characters at a time from bytes and
 * not from a string that is part of another, because every token that has not been seen before comes through here.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  const { length } = text;
  const rest = length & 3;
  if (rest === 1) return null;
  const codes = length > SCRATCH.length ? new Uint8Array(length) : SCRATCH;
  const { read, written } = ascii.encodeInto(text, codes);
  // A character beyond ASCII takes more than one byte, for which there may be no room.
  if (read !== length || written !== length) return null;
  const bytes = new Uint8Array((length * 3) >> 2);
  let unknown = 0;
  let size = 0;
  let at = 0;
  for (const end = length - rest; at < end; at += 4) {
    const first = valueAt(codes, at);
    const second = valueAt(codes, at + 1);
    const third = valueAt(codes, at + 2);
    const fourth = valueAt(codes, at + 3);
    unknown |= first | second | third | fourth;
    bytes[size] = (first << 2) | (second >> 4);
    bytes[size + 1] = (second << 4) | (third >> 2);
    bytes[size + 2] = (third << 6) | fourth;
    size += 3;
  }
  if (rest > 0) {
    const first = valueAt(codes, at);
    const second = valueAt(codes, at + 1);
    const third = rest === 3 ? valueAt(codes, at + 2) : 0;
    const spare = rest === 3 ? third & 0b11 : second & 0b1111;
    if (spare !== 0) return null;
    unknown |= first | second | third;
    bytes[size] = (first << 2) | (second >> 4);
    if (rest === 3) bytes[size + 1] = (second << 4) | (third >> 2);
  }
  return (unknown & NO_VALUE) === 0 ? bytes : null;
}

const valueAt = (codes: Uint8Array, at: number): number => BASE64URL_VALUES[codes[at] as number] as number;
