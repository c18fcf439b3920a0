/**
 * Why an assertion was not accepted. `invalid`: no assertion from this gateway for this service; `expired`: it was one;
 * `unavailable`: the keys to check it with can't be had at present, and the request should be answered 503, not 401.
 */
export class IdentityRefused extends Error {
  override readonly name = "IdentityRefused";
  readonly code: "invalid" | "expired" | "unavailable";

  constructor(code: IdentityRefused["code"]) {
    super(IDENTITY_MESSAGES[code]);
    this.code = code;
  }
}

const IDENTITY_MESSAGES = {
  invalid: "the identity assertion is not valid",
  expired: "the identity assertion has expired",
  unavailable: "the gateway's keys cannot be had",
} as const;

/**
 * Why an access token was not accepted. `unavailable`: the gateway's keys can't be had; `stale`: its revocations have not been heard of
 * for too long. Both should be answered 503, not 401: the token may be good.
 */
export class AccessTokenRefused extends Error {
  override readonly name = "AccessTokenRefused";
  readonly code: "invalid" | "expired" | "revoked" | "unavailable" | "stale";

  constructor(code: AccessTokenRefused["code"]) {
    super(ACCESS_MESSAGES[code]);
    this.code = code;
  }
}

const ACCESS_MESSAGES = {
  invalid: "the access token is not valid",
  expired: "the access token has expired",
  revoked: "the access token has been revoked",
  unavailable: "the gateway's keys cannot be had",
  stale: "the gateway's revocations have not been heard of for too long",
} as const;
