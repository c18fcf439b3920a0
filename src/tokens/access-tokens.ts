import type { KeyRing, SignatureCheck, VerifyKey } from "../keys/key-ring.ts";
import { ACCESS_TOKEN_TYPE } from "../protocol/claims.ts";
import type { AccessTokens, Verified } from "./access-token.ts";
import { readClaims } from "./claims.ts";
import type { CacheBounds } from "./generation-cache.ts";
import { type IssueOptions, issueAccessToken } from "./issue.ts";
import { type CompactJws, parseJsonObject, readHeader, splitJws } from "./parse-jwt.ts";
import type { Principal } from "./principal.ts";
import { createVerifiedCache, type VerifiedToken } from "./verified-cache.ts";

export interface AccessTokensOptions extends IssueOptions {
  readonly keyRing: Pick<KeyRing, "find" | "sign">;
  readonly signature: SignatureCheck;
  readonly cache?: CacheBounds;
}

// RFC 9068 §4: the media type, with or without its tree; media types are compared without regard to case.
const TYPE = new RegExp(`^(?:application/)?${ACCESS_TOKEN_TYPE.replace("+", "\\+")}$`, "i");

const INVALID: Verified = { ok: false, reason: "token_invalid" };
const EXPIRED: Verified = { ok: false, reason: "token_expired" };
const UNKNOWN_KEY: Verified = { ok: false, reason: "unknown_key" };

/** Issues and verifies access tokens (RFC 9068). */
export function createAccessTokens(options: AccessTokensOptions): AccessTokens {
  const { keyRing, signature } = options;
  const cache = createVerifiedCache(options.cache);

  /** Everything but `exp`, from the cache or anew. */
  function check(token: string, now: number): Checked | Promise<Checked> {
    const known = cache.get(token);
    if (known !== undefined) {
      if (keyRing.find(known.key.kid) === known.key) return known;
      cache.delete(known);
    }
    const jws = splitJws(token);
    const header = jws === null ? null : readHeader(jws.header);
    if (jws === null || header === null || !TYPE.test(header.typ)) return "token_invalid";
    const key = keyRing.find(header.kid);
    if (key === null) return "unknown_key";
    // The key decides; the header may only agree (RFC 8725 §3.1).
    if (header.alg !== key.alg) return "token_invalid";
    const good = signature.verify(key, jws.signingInput, jws.signature);
    if (typeof good === "boolean") return good ? accept(token, jws, key, now) : "token_invalid";
    return good.then((isGood) => (isGood ? accept(token, jws, key, now) : "token_invalid"));
  }

  function accept(token: string, jws: CompactJws, key: VerifyKey, now: number): Checked {
    const claims = parseJsonObject(jws.payload);
    const principal = claims === null ? null : readClaims(claims, key.kid, options, now);
    if (principal === null) return "token_invalid";
    const entry: VerifiedToken = { verified: { ok: true, principal }, key, token };
    if (!hasExpired(principal, now)) cache.set(entry);
    return entry;
  }

  return {
    issue: (grant) => issueAccessToken(grant, keyRing, options),
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

type Checked = VerifiedToken | "token_invalid" | "unknown_key";

const hasExpired = (principal: Principal, now: number): boolean => now >= principal.exp * 1000;

const judge = (checked: Checked, now: number): Verified =>
  typeof checked === "object" && hasExpired(checked.verified.principal, now) ? EXPIRED : judgeExpired(checked);

function judgeExpired(checked: Checked): Verified {
  if (checked === "token_invalid") return INVALID;
  if (checked === "unknown_key") return UNKNOWN_KEY;
  return checked.verified;
}
