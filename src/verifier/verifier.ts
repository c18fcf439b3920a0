import { webSignatureCheck } from "../keys/web-signature.ts";
import { ACCESS_TOKEN_TYPE, IDENTITY_TOKEN_TYPE, type IdentityClaims } from "../protocol/claims.ts";
import { JWKS_PATH } from "../protocol/well-known.ts";
import type { TokenFacts } from "../revocation/view.ts";
import { readClaims } from "../tokens/claims.ts";
import type { Principal } from "../tokens/principal.ts";
import { createTokenVerifier, type TokenVerifier } from "../tokens/verify.ts";
import type { Fetch } from "./fetch.ts";
import { CLOCK_TOLERANCE, readIdentityClaims } from "./identity-claims.ts";
import { platform } from "./platform.ts";
import { AccessTokenRefused, IdentityRefused } from "./refused.ts";
import { RemoteKeys } from "./remote-keys.ts";

/** What is known of a gateway's revocations: `followRevocations` makes it. */
export interface Revocations {
  /** Whether nothing can be said of any token: not caught up yet, or not heard of for too long. */
  readonly stale: boolean;
  refuses(token: TokenFacts): boolean;
}

export interface VerifierOptions {
  /** The gateway's `issuer`, exactly as configured there. */
  readonly issuer: string;
  /** The name that the gateway's configuration gives to this service as an upstream. */
  readonly audience: string;
  /** Where the gateway's key set is; `/.well-known/jwks.json` on the issuer's origin by default. */
  readonly jwksUri?: string | URL;
  /** Milliseconds for which the last good keys serve while no new ones can be had; an hour by default. */
  readonly keysMaxStale?: number;
  /** Needed where access tokens themselves are taken. */
  readonly accessTokens?: {
    /** From `followRevocations`. `unchecked`: a token that has been revoked passes until it expires. */
    readonly revocations: Revocations | "unchecked";
    /** The gateway's `audience`; the issuer by default, as there. */
    readonly audience?: string;
  };
  /** The global `fetch` by default. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number;
}

export interface Verifier {
  /**
   * The claims of an assertion: the header `X-Auth-Identity`, as Node gives it. Rejects with IdentityRefused and with nothing else;
   * a request without the header is `invalid`.
   */
  verify(assertion: string | readonly string[] | undefined): Promise<IdentityClaims>;
  /**
   * Who an access token is for, by every check that the gateway makes. Rejects with AccessTokenRefused; with TypeError where the options
   * name no `accessTokens`.
   */
  verifyAccessToken(token: string): Promise<Principal>;
  /** Whether `accessTokens` was given. */
  readonly takesAccessTokens: boolean;
}

const HOUR = 3_600_000;
/** A service has fewer callers than a gateway. */
const CACHE = { maxEntries: 10_000, maxBytes: 16 * 1024 * 1024 };

/**
 * Checks what a gateway sends to this service. Make one and keep it: it holds the gateway's keys. Throws TypeError on an issuer that is
 * no URL and on an empty audience.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { issuer, audience, accessTokens, now = platform.now } = options;
  // Without one to compare with, the assertions for every service would pass here: this one's peers could act as its users.
  if (typeof audience !== "string" || audience === "")
    throw new TypeError("audience: the name of this service is needed");
  const keys = new RemoteKeys({
    url: new URL(options.jwksUri ?? JWKS_PATH, issuer).href,
    fetch: options.fetch ?? platform.fetch,
    ...{ signature: webSignatureCheck, maxStale: options.keysMaxStale ?? HOUR, now },
  });
  const common = { keyRing: keys, signature: webSignatureCheck, cache: CACHE };
  const assertions = createTokenVerifier<IdentityClaims>({
    ...{ ...common, type: IDENTITY_TOKEN_TYPE, tolerance: CLOCK_TOLERANCE * 1000 },
    read: (claims, _kid, time) => readIdentityClaims(claims, { issuer, audience }, time),
  });
  const expected = { issuer, audience: accessTokens?.audience ?? issuer };
  const tokens = createTokenVerifier<Principal>({
    ...{ ...common, type: ACCESS_TOKEN_TYPE },
    read: (claims, kid, time) => readClaims(claims, kid, expected, time),
  });

  type Outcome<T> = { readonly principal: T } | { readonly refused: "invalid" | "expired" | "unavailable" };

  async function outcome<T>(verifier: TokenVerifier<T>, token: string): Promise<Outcome<T>> {
    let verified = await verifier.verify(token, now());
    if (!verified.ok && verified.reason === "unknown_key") {
      const current = await keys.look();
      verified = await verifier.verify(token, now());
      // Whether the key exists cannot be known: no reason to tell anybody that their login is gone.
      if (!verified.ok && verified.reason === "unknown_key" && !current) return { refused: "unavailable" };
    }
    if (verified.ok) return verified;
    return { refused: verified.reason === "token_expired" ? "expired" : "invalid" };
  }

  return {
    takesAccessTokens: accessTokens !== undefined,
    async verify(assertion) {
      if (typeof assertion !== "string") throw new IdentityRefused("invalid");
      const found = await outcome(assertions, assertion);
      if ("refused" in found) throw new IdentityRefused(found.refused);
      return found.principal;
    },
    async verifyAccessToken(token) {
      if (accessTokens === undefined) throw new TypeError("accessTokens: not configured, so no access token is taken");
      const { revocations } = accessTokens;
      if (revocations !== "unchecked" && revocations.stale) throw new AccessTokenRefused("stale");
      const found = await outcome(tokens, token);
      if ("refused" in found) throw new AccessTokenRefused(found.refused);
      if (revocations === "unchecked") return found.principal;
      // Asked again: both may have changed while keys were fetched.
      if (revocations.stale) throw new AccessTokenRefused("stale");
      if (revocations.refuses(found.principal)) throw new AccessTokenRefused("revoked");
      return found.principal;
    },
  };
}
