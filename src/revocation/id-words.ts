import { BASE64URL_VALUES, encodeBase64url, NO_VALUE } from "../lib/base64url.ts";

const PREFIXED_LENGTH = 24;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Writes the 128 bits of an id of ours into `words`: a UUID, or 22 base64url characters behind `u_`, `c_` or `s_`.
 * False when the text is no such id in its one canonical spelling.
 */
export function idWords(text: string, words: Uint32Array): boolean {
  if (text.length === PREFIXED_LENGTH && text.charCodeAt(1) === 95) return base64urlWords(text, words);
  if (!UUID.test(text)) return false;
  words[0] = Number.parseInt(text.slice(0, 8), 16);
  words[1] = Number.parseInt(text.slice(9, 13) + text.slice(14, 18), 16);
  words[2] = Number.parseInt(text.slice(19, 23) + text.slice(24, 28), 16);
  words[3] = Number.parseInt(text.slice(28, 36), 16);
  return true;
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
