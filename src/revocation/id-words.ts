import { BASE64URL_VALUES, encodeBase64url, NO_VALUE } from "../lib/base64url.ts";

const PREFIXED_LENGTH = 24;
const UUID_LENGTH = 36;
const HYPHEN = 0x2d;
const HEX = new Int8Array(128).fill(-1);
"0123456789abcdef".split("").forEach((digit, value) => {
  HEX[digit.charCodeAt(0)] = value;
});

/**
 * Writes the 128 bits of an id of ours into `words`: a UUID, or 22 base64url characters behind `u_`, `c_` or `s_`.
 * False when the text is no such id in its one canonical spelling.
 */
export function idWords(text: string, words: Uint32Array): boolean {
  if (text.length === PREFIXED_LENGTH && text.charCodeAt(1) === 95) return base64urlWords(text, words);
  return text.length === UUID_LENGTH && uuidWords(text, words);
}

/** The UUID that `idWords` reads as these words. */
export function uuidOf(words: Uint32Array): string {
  const hex = [...words].map((word) => word.toString(16).padStart(8, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The id with that prefix that `idWords` reads as these words. */
export function prefixedIdOf(prefix: "s" | "u", words: Uint32Array): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(index * 4, word);
  });
  return `${prefix}_${encodeBase64url(bytes)}`;
}

function base64urlWords(text: string, words: Uint32Array): boolean {
  let bits = 0;
  let held = 0;
  let word = 0;
  for (let at = 2; at < PREFIXED_LENGTH; at++) {
    const digit = BASE64URL_VALUES[text.charCodeAt(at)] ?? NO_VALUE;
    if (digit === NO_VALUE) return false;
    const room = 32 - held;
    if (room > 6) {
      bits = (bits << 6) | digit;
      held += 6;
    } else {
      words[word++] = (bits << room) | (digit >>> (6 - room));
      held = 6 - room;
      bits = digit & ((1 << held) - 1);
      // 22 digits carry 132 bits: the last four must be zero.
      if (word === 4) return bits === 0 && at === PREFIXED_LENGTH - 1;
    }
  }
  return false;
}

// Digit by digit: every request's token is looked up, and a regular expression with substrings takes twice as long.
function uuidWords(text: string, words: Uint32Array): boolean {
  let word = 0;
  let digits = 0;
  for (let at = 0; at < UUID_LENGTH; at++) {
    const code = text.charCodeAt(at);
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (code !== HYPHEN) return false;
    } else {
      const digit = HEX[code] ?? -1;
      if (digit < 0) return false;
      word = (word << 4) | digit;
      digits++;
      if ((digits & 7) === 0) words[(digits >> 3) - 1] = word;
    }
  }
  return true;
}
