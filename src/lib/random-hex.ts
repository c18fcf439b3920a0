const POOLED = 2048;
const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const ascii = new TextDecoder();
let pool = "";
let used = 0;

/** Random bytes in hexadecimal, drawn and spelled out in bulk: every proxied request needs some. At most 2048 at once. */
export function randomHex(bytes: number): string {
  const digits = bytes * 2;
  if (used + digits > pool.length) {
    pool = spelled(crypto.getRandomValues(new Uint8Array(POOLED)));
    used = 0;
  }
  used += digits;
  return pool.slice(used - digits, used);
}

function spelled(bytes: Uint8Array): string {
  const text = new Uint8Array(bytes.length * 2);
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] as number;
    text[2 * index] = DIGITS[byte >> 4] as number;
    text[2 * index + 1] = DIGITS[byte & 15] as number;
  }
  return ascii.decode(text);
}
