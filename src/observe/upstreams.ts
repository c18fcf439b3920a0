/**
 * How a request to an upstream can fail: no connection (refused, no such name, TLS), none in time, no headers in time, closed before
 * them, a response that is none, one that says itself that a gateway failed (502, 503, 504), a body that broke off, one that stood
 * still, more time in all than allowed.
 */
export const UPSTREAM_FAILURES = [
  "connect",
  "connect_timeout",
  "response_timeout",
  "closed",
  "bad_response",
  "gateway_status",
  "body",
  "idle_timeout",
  "total_timeout",
] as const;

export type UpstreamFailure = (typeof UPSTREAM_FAILURES)[number];

/** Whether a target takes requests: left out for its failures, not well by its own answer. */
export const TARGET_STATES = ["up", "ejected", "unhealthy"] as const;

export type TargetState = (typeof TARGET_STATES)[number];
