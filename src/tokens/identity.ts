import { decodeProtectedHeader } from "jose";
import type { KeyRing } from "../keys/key-ring.ts";
import { uuidv7 } from "../lib/ids.ts";
import { IDENTITY_TOKEN_TYPE, type IdentityClaims } from "../protocol/claims.ts";
import { type CacheBounds, GenerationCache } from "./generation-cache.ts";
import type { Principal } from "./principal.ts";

/** Makes identity assertions: JWTs that tell one upstream, and no other, who a request acts as. */
export interface IdentityAssertions {
  /** For the upstream with this name; synchronous while one is cached, and where the runtime signs synchronously. `now` in milliseconds since 1970. */
  assertion(principal: Principal, upstream: string, now: number): string | Promise<string>;
}

export interface IdentityOptions {
  readonly keyRing: Pick<KeyRing, "find" | "sign">;
  readonly issuer: string;
  /** For each upstream. */
  readonly cache?: CacheBounds;
}

interface Assertion {
  readonly text: string;
  readonly kid: string;
  /** Milliseconds since 1970 between which it is reused. */
  readonly madeAt: number;
  readonly reuseUntil: number;
}

const LIFETIME = 60_000;
const DEFAULT_BOUNDS: CacheBounds = { maxEntries: 50_000, maxBytes: 32 * 1024 * 1024 };
/** Of an entry beside its text. */
const OVERHEAD = 256;

export function createIdentityAssertions({ keyRing, issuer, cache }: IdentityOptions): IdentityAssertions {
  // By the principal itself, which the verified-token cache shares between requests: whatever differs is another object.
  const upstreams = new Map<string, GenerationCache<Principal, Assertion>>();

  function keep(text: string, principal: Principal, upstream: string, now: number): string {
    const kid = kidOf(text);
    const cached = upstreams.get(upstream) ?? new GenerationCache<Principal, Assertion>(cache ?? DEFAULT_BOUNDS);
    upstreams.set(upstream, cached);
    cached.set(principal, { text, kid, madeAt: now, reuseUntil: now + LIFETIME / 2 }, text.length + OVERHEAD);
    return text;
  }

  /** Every assertion by one key has the same header: it is read once. */
  let header = "";
  let headerKid = "";
  function kidOf(text: string): string {
    const found = text.slice(0, text.indexOf("."));
    if (found !== header) {
      headerKid = decodeProtectedHeader(text).kid ?? "";
      header = found;
    }
    return headerKid;
  }

  return {
    assertion(principal, upstream, now) {
      const known = upstreams.get(upstream)?.get(principal);
      // The clock may have been set back, and the key may have been revoked, since it was made.
      const isFresh = known !== undefined && known.madeAt <= now && now < known.reuseUntil;
      if (isFresh && keyRing.find(known.kid) !== null) return known.text;
      const made = keyRing.sign(IDENTITY_TOKEN_TYPE, identityClaims(principal, issuer, upstream, now));
      return typeof made === "string"
        ? keep(made, principal, upstream, now)
        : made.then((text) => keep(text, principal, upstream, now));
    },
  };
}

function identityClaims(principal: Principal, issuer: string, upstream: string, now: number): IdentityClaims {
  const iat = Math.floor(now / 1000);
  return {
    iss: issuer,
    aud: upstream,
    sub: principal.sub,
    exp: iat + LIFETIME / 1000,
    iat,
    jti: uuidv7(now),
    client_id: principal.clientId,
    scope: principal.scopes.join(" "),
    ...(principal.sid === null ? {} : { sid: principal.sid, roles: principal.roles }),
    ...(principal.name === null ? {} : { preferred_username: principal.name }),
  };
}
