import { createHmac, createSecretKey, hash, timingSafeEqual } from "node:crypto";
import type { Digests } from "../../lib/digests.ts";

/** Synchronously: a job in the thread pool, as WebCrypto makes of each, costs many times the digest of so short a text. */
export const nodeDigests: Digests = {
  sha256: (text) => hash("sha256", text, "base64url"),
  async importMac(bytes) {
    const key = createSecretKey(bytes);
    const of = (text: string): string => createHmac("sha256", key).update(text).digest("base64url");
    return {
      of,
      matches(text, mac) {
        const [given, expected] = [Buffer.from(mac), Buffer.from(of(text))];
        return given.length === expected.length && timingSafeEqual(given, expected);
      },
    };
  },
};
