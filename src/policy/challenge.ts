/** The token is good and lacks a scope; `scope` says which are needed (RFC 6750 §3.1). Scope names hold no quote (RFC 6749 §3.3). */
export const scopeChallenge = (scopes: readonly string[]): string =>
  `Bearer error="insufficient_scope", scope="${scopes.join(" ")}"`;

/** The login behind the token is too old; `maxAge` in milliseconds (RFC 9470 §3). */
export const stepUpChallenge = (maxAge: number): string =>
  `Bearer error="insufficient_user_authentication", error_description="A more recent login is needed", max_age="${Math.floor(maxAge / 1000)}"`;
