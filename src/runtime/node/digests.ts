import { hash, timingSafeEqual } from "node:crypto";
import type { Digests } from "../../lib/digests.ts";

/** Synchronously: a job in the thread pool, as WebCrypto makes of each, costs many times the digest of so short a text. */
export const nodeDigests: Digests = {
  sha256: (text) => hash("sha256", text, "base64url"),
  async importMac(bytes) {
    const of = hmac(bytes);
    return {
      of,
      matches(text, mac) {
        const [given, expected] = [Buffer.from(mac), Buffer.from(of(text))];
        return given.length === expected.length && timingSafeEqual(given, expected);
      },
    };
  },
};

/** The block of SHA-256, in bytes. */
const BLOCK = 64;

/** HMAC-SHA-256 (RFC 2104 §2) of two one-shot hashes: for `createHmac` Node makes an object with a destructor at each text. */
function hmac(key: Uint8Array): (text: string) => string {
  const padded = new Uint8Array(BLOCK);
  padded.set(key.length > BLOCK ? hash("sha256", key, "buffer") : key);
  const inner = padded.map((byte) => byte ^ 0x36);
  const outer = padded.map((byte) => byte ^ 0x5c);
  return (text) => {
    const digest = hash("sha256", Buffer.concat([inner, Buffer.from(text)]), "buffer");
    return hash("sha256", Buffer.concat([outer, digest]), "base64url");
  };
}
