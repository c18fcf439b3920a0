/**
 * Every error code that Postern answers with, its HTTP status and the title of its problem document (RFC 9457 §3.1).
 * The set is closed: clients switch on `code`, so a new code is a change of the contract.
 */
export const PROBLEMS = {
  validation: { status: 400, title: "The request is not valid" },
  ambiguous_path: { status: 400, title: "The path can be read in more than one way" },
  wrong_channel: { status: 400, title: "The refresh token came by the wrong channel" },
  unauthenticated: { status: 401, title: "Log in first" },
  token_invalid: { status: 401, title: "The access token is not valid" },
  token_expired: { status: 401, title: "The access token has expired" },
  token_revoked: { status: 401, title: "The access token has been revoked" },
  step_up: { status: 401, title: "A more recent login is needed" },
  invalid_credentials: { status: 401, title: "The username or the password is wrong" },
  refresh_invalid: { status: 401, title: "The refresh token is not valid" },
  refresh_expired: { status: 401, title: "The session has expired" },
  refresh_reused: { status: 401, title: "The refresh token had been used before; the session has been ended" },
  session_ended: { status: 401, title: "The session has ended" },
  forbidden: { status: 403, title: "Not allowed" },
  insufficient_scope: { status: 403, title: "The access token lacks a scope" },
  csrf: { status: 403, title: "The request may have come from another site" },
  verify_target: { status: 403, title: "The request to judge is not named properly" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  conflict: { status: 409, title: "Conflict" },
  precondition_failed: { status: 412, title: "The resource has changed" },
  too_large: { status: 413, title: "The request is too large" },
  misdirected: { status: 421, title: "The request came over the wrong scheme" },
  rate_limited: { status: 429, title: "Too many requests" },
  internal: { status: 500, title: "Something went wrong inside the gateway" },
  upstream_failed: { status: 502, title: "The service behind the gateway failed" },
  store_unavailable: { status: 503, title: "The store cannot be reached" },
  outcome_unknown: { status: 503, title: "The store did not confirm; try again" },
  stale_view: { status: 503, title: "The revocation view is too old" },
  overloaded: { status: 503, title: "Too busy" },
  upstream_timeout: { status: 504, title: "The service behind the gateway took too long" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A refusal on its way to the client. `detail` is for people; no secret, token, query or upstream address goes into it. */
export interface Problem {
  readonly code: ProblemCode;
  readonly detail?: string;
  /** Seconds for `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfter?: number;
  /** The limit that was reached, for `RateLimit` fields: so many requests in a window of milliseconds. */
  readonly quota?: { readonly by: string; readonly requests: number; readonly window: number };
  /** The value of `WWW-Authenticate` (RFC 6750 §3, RFC 9470 §3). */
  readonly challenge?: string;
  /** The value of `Allow`, with `method_not_allowed`. */
  readonly allow?: string;
  /** What is wrong with each field, with `validation`. */
  readonly errors?: readonly { readonly path: string; readonly expected: string }[];
}
