import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { sha256 } from "./sha256.ts";

/** Digests of a text's UTF-8 bytes, in base64url: at once where the runtime can, else by a promise. */
export interface Digests {
  /** SHA-256. */
  sha256(text: string): string | Promise<string>;
  /** HMAC-SHA-256 (RFC 2104) under one key. */
  importMac(key: Uint8Array<ArrayBuffer>): Promise<Mac>;
}

export interface Mac {
  of(text: string): string | Promise<string>;
  /** In a time that does not tell where they differ. */
  matches(text: string, mac: string): boolean | Promise<boolean>;
}

const utf8 = new TextEncoder();

/** By WebCrypto, which every runtime has. */
export const webDigests: Digests = {
  sha256,
  async importMac(bytes) {
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes, hmac, false, ["sign", "verify"]);
    return {
      of: async (text) => encodeBase64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text)))),
      async matches(text, mac) {
        const given = decodeBase64url(mac);
        return given !== null && crypto.subtle.verify("HMAC", key, given, utf8.encode(text));
      },
    };
  },
};
