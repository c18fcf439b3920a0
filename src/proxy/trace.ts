const POOLED = 2048;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
let pool = "";
let used = 0;

/** Random bytes in hexadecimal, drawn and spelled out in bulk: every proxied request needs some. At most 2048 at once. */
export function randomHex(bytes: number): string {
  const digits = bytes * 2;
  if (used + digits > pool.length) {
    pool = Array.from(crypto.getRandomValues(new Uint8Array(POOLED)), (byte) => HEX[byte]).join("");
    used = 0;
  }
  used += digits;
  return pool.slice(used - digits, used);
}

/** Whether a `traceparent` is one that may be passed on (W3C Trace Context §3.2). */
export const isTraceparent = (value: string): boolean =>
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/.test(value);

/** Whether a request id may be passed on: something that fits into a log line. */
export const isRequestId = (value: string): boolean => /^[\x21-\x7e]{1,128}$/.test(value);
