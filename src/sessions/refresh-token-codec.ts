import type { SecretRing } from "../keys/secrets.ts";
import { decodeBase64url, encodeBase64url } from "../lib/base64url.ts";
import { sha256 } from "../lib/sha256.ts";
import type { RefreshTokens } from "./refresh-token.ts";
import type { Channel } from "./session.ts";

const LABEL = "refresh token";
const VERSION = "prt1";
const SHAPE =
  /^prt1\.([cb])\.([A-Za-z0-9_-]{1,32})\.(u_[A-Za-z0-9_-]{22})\.(s_[A-Za-z0-9_-]{22})\.(0|[1-9]\d{0,14})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;
const CHANNELS: Readonly<Record<string, Channel>> = { c: "cookie", b: "body" };

const encoder = new TextEncoder();

/**
 * `prt1.channel.secret.user.session.generation.r.mac`: the mac is HMAC-SHA-256 over all that stands before it. The channel is
 * part of the token, so that the wrong one is refused without a look at the store.
 */
export function createRefreshTokens(secrets: SecretRing): RefreshTokens {
  const macKeys = new Map<string, Promise<CryptoKey | null>>();

  function macKey(secretId: string): Promise<CryptoKey | null> {
    const known = macKeys.get(secretId);
    if (known !== undefined) return known;
    // Only ids of the ring are remembered: the id in a token is the caller's to choose.
    if (!secrets.ids.includes(secretId)) return Promise.resolve(null);
    const made = secrets.subkey(secretId, LABEL).then((bytes) => (bytes === null ? null : importMacKey(bytes)));
    macKeys.set(secretId, made);
    return made;
  }

  return {
    secretId: secrets.currentId,

    async encode(token) {
      const secretId = secrets.ids.includes(token.secretId) ? token.secretId : secrets.currentId;
      const key = await macKey(secretId);
      if (key === null) throw new Error("The current secret has no key for refresh tokens");
      const channel = token.channel === "cookie" ? "c" : "b";
      const head = [VERSION, channel, secretId, token.sub, token.sid, token.generation, token.r].join(".");
      const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(head));
      return `${head}.${encodeBase64url(new Uint8Array(mac))}`;
    },

    async decode(text) {
      const parts = SHAPE.exec(text);
      if (parts === null) return null;
      const [, mark = "", secretId = "", sub = "", sid = "", generation = "", r = "", macText = ""] = parts;
      const channel = CHANNELS[mark];
      const mac = decodeBase64url(macText);
      const key = await macKey(secretId);
      if (channel === undefined || mac === null || key === null) return null;
      const head = text.slice(0, text.lastIndexOf("."));
      if (!(await crypto.subtle.verify("HMAC", key, mac, encoder.encode(head)))) return null;
      return { channel, secretId, sub, sid, generation: Number(generation), r };
    },

    hashOf: sha256,
  };
}

function importMacKey(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}
