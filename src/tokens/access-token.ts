import type { Principal } from "./principal.ts";

/** What an access token is made from. */
export interface AccessGrant {
  readonly sub: string;
  readonly name: string | null;
  readonly sid: string | null;
  readonly clientId: string;
  /** Milliseconds by the store's clock; becomes `iat` and the time in `jti`. */
  readonly issuedAt: number;
  /** Milliseconds since 1970; null for a client. */
  readonly authTime: number | null;
  readonly amr: readonly string[];
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** Milliseconds since 1970 that the token may not outlive, or null. */
  readonly notAfter: number | null;
}

export interface IssuedToken {
  readonly token: string;
  /** Seconds until it expires, by the clock it was issued by. */
  readonly expiresIn: number;
  readonly jti: string;
}

/** Why a token was refused. `unknown_key`: signed by a key that this gateway does not (yet) have. */
export type TokenRefusal = "token_invalid" | "token_expired" | "unknown_key";

export type Verified<T = Principal> =
  | { readonly ok: true; readonly principal: T }
  | { readonly ok: false; readonly reason: TokenRefusal };

export interface AccessTokens {
  issue(grant: AccessGrant): Promise<IssuedToken>;
  /** A token seen before is answered from the cache, synchronously; `exp` and the key's presence are checked each time. `now` in ms. */
  verify(token: string, now: number): Verified | Promise<Verified>;
  /** As `verify`, but an expired token passes: for ending a session with its last token. */
  verifyExpired(token: string, now: number): Verified | Promise<Verified>;
}
