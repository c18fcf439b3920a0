import type { KeyRing, SignatureCheck, VerifyKey } from "../keys/key-ring.ts";
import type { Verified } from "./access-token.ts";
import type { CacheBounds } from "./generation-cache.ts";
import {
  type CompactJws,
  type JsonObject,
  parseJsonObject,
  readHeader,
  splitJws,
  type TokenHeader,
} from "./parse-jwt.ts";
import { createVerifiedCache, type VerifiedToken } from "./verified-cache.ts";

export interface VerifierOptions<T> {
  readonly keyRing: Pick<KeyRing, "find">;
  readonly signature: SignatureCheck;
  readonly cache?: CacheBounds;
  /** The `typ` header, as registered: without `application/`. */
  readonly type: string;
  /** What the claims say, all of them checked but whether the token has expired; null where they are not such as we issue. `now` in ms. */
  readonly read: (claims: JsonObject, kid: string, now: number) => T | null;
  /** Milliseconds after `exp` for which a token is still good; 0 by default. */
  readonly tolerance?: number;
}

export interface TokenVerifier<T> {
  /** A token seen before is answered from the cache, synchronously; `exp` and the key's presence are checked each time. `now` in ms. */
  verify(token: string, now: number): Verified<T> | Promise<Verified<T>>;
  /** As `verify`, but an expired token passes. */
  verifyExpired(token: string, now: number): Verified<T> | Promise<Verified<T>>;
}

const INVALID = { ok: false, reason: "token_invalid" } as const;
const EXPIRED = { ok: false, reason: "token_expired" } as const;
const UNKNOWN_KEY = { ok: false, reason: "unknown_key" } as const;

/** Verifies the tokens of one type that a key ring's keys have signed. */
export function createTokenVerifier<T extends { readonly exp: number }>(options: VerifierOptions<T>): TokenVerifier<T> {
  const { keyRing, signature, read, tolerance = 0 } = options;
  const cache = createVerifiedCache<T>(options.cache);
  // RFC 9068 §4: the media type, with or without its tree; media types are compared without regard to case.
  const type = new RegExp(`^(?:application/)?${options.type.replace("+", "\\+")}$`, "i");

  /** Of the last token that named a key of ours: every token of one key has the same header, letter for letter. */
  let known: { readonly part: string; readonly header: TokenHeader } | null = null;

  function headerOf(part: string): TokenHeader | null {
    if (part === known?.part) return known.header;
    const header = readHeader(part);
    return header !== null && type.test(header.typ) ? header : null;
  }

  type Checked = VerifiedToken<T> | "token_invalid" | "unknown_key";

  /** Everything but `exp`, from the cache or anew. */
  function check(token: string, now: number): Checked | Promise<Checked> {
    const seen = cache.get(token);
    if (seen !== undefined) {
      if (keyRing.find(seen.key.kid) === seen.key) return seen;
      cache.delete(seen);
    }
    const jws = splitJws(token);
    const header = jws === null ? null : headerOf(jws.header);
    if (jws === null || header === null) return "token_invalid";
    const key = keyRing.find(header.kid);
    if (key === null) return "unknown_key";
    // The key decides; the header may only agree (RFC 8725 §3.1).
    if (header.alg !== key.alg) return "token_invalid";
    if (header !== known?.header) known = { part: jws.header, header };
    const good = signature.verify(key, jws.signingInput, jws.signature);
    if (typeof good === "boolean") return good ? accept(token, jws, key, now) : "token_invalid";
    return good.then((isGood) => (isGood ? accept(token, jws, key, now) : "token_invalid"));
  }

  function accept(token: string, jws: CompactJws, key: VerifyKey, now: number): Checked {
    const claims = parseJsonObject(jws.payload);
    const principal = claims === null ? null : read(claims, key.kid, now);
    if (principal === null) return "token_invalid";
    const entry: VerifiedToken<T> = { verified: { ok: true, principal }, key, token };
    if (!hasExpired(principal, now)) cache.set(entry);
    return entry;
  }

  const hasExpired = ({ exp }: T, now: number): boolean => now >= exp * 1000 + tolerance;

  function judge(checked: Checked, now: number): Verified<T> {
    return typeof checked === "object" && hasExpired(checked.verified.principal, now) ? EXPIRED : judgeExpired(checked);
  }

  function judgeExpired(checked: Checked): Verified<T> {
    if (checked === "token_invalid") return INVALID;
    if (checked === "unknown_key") return UNKNOWN_KEY;
    return checked.verified;
  }

  return {
    verify(token, now) {
      const checked = check(token, now);
      return checked instanceof Promise ? checked.then((late) => judge(late, now)) : judge(checked, now);
    },
    verifyExpired(token, now) {
      const checked = check(token, now);
      return checked instanceof Promise ? checked.then(judgeExpired) : judgeExpired(checked);
    },
  };
}
