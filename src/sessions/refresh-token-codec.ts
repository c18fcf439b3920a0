import type { SecretRing } from "../keys/secrets.ts";
import { type Mac, webDigests } from "../lib/digests.ts";
import type { RefreshTokens } from "./refresh-token.ts";
import type { Channel } from "./session.ts";

const LABEL = "refresh token";
const VERSION = "prt1";
const SHAPE =
  /^prt1\.([cb])\.([A-Za-z0-9_-]{1,32})\.(u_[A-Za-z0-9_-]{22})\.(s_[A-Za-z0-9_-]{22})\.(0|[1-9]\d{0,14})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;
const CHANNELS: Readonly<Record<string, Channel>> = { c: "cookie", b: "body" };

/**
 * `prt1.channel.secret.user.session.generation.r.mac`: the mac is HMAC-SHA-256 over all that stands before it. The channel is
 * part of the token, so that the wrong one is refused without a look at the store.
 */
export function createRefreshTokens(secrets: SecretRing, digests = webDigests): RefreshTokens {
  const macs = new Map<string, Promise<Mac | null>>();

  function macUnder(secretId: string): Promise<Mac | null> {
    const known = macs.get(secretId);
    if (known !== undefined) return known;
    // Only ids of the ring are remembered: the id in a token is the caller's to choose.
    if (!secrets.ids.includes(secretId)) return Promise.resolve(null);
    const made = secrets.subkey(secretId, LABEL).then((bytes) => (bytes === null ? null : digests.importMac(bytes)));
    macs.set(secretId, made);
    return made;
  }

  return {
    secretId: secrets.currentId,

    async encode(token) {
      const secretId = secrets.ids.includes(token.secretId) ? token.secretId : secrets.currentId;
      const mac = await macUnder(secretId);
      if (mac === null) throw new Error("The current secret has no key for refresh tokens");
      const channel = token.channel === "cookie" ? "c" : "b";
      const head = [VERSION, channel, secretId, token.sub, token.sid, token.generation, token.r].join(".");
      return `${head}.${await mac.of(head)}`;
    },

    async decode(text) {
      const parts = SHAPE.exec(text);
      if (parts === null) return null;
      const [, mark = "", secretId = "", sub = "", sid = "", generation = "", r = "", macText = ""] = parts;
      const channel = CHANNELS[mark];
      const mac = await macUnder(secretId);
      if (channel === undefined || mac === null) return null;
      const head = text.slice(0, text.lastIndexOf("."));
      if (!(await mac.matches(head, macText))) return null;
      return { channel, secretId, sub, sid, generation: Number(generation), r };
    },

    hashOf: async (r) => digests.sha256(r),
  };
}
