/**
 * What goes on after its request has been let through. A `response`'s end is not known beforehand, as that of an event stream is not; a
 * `download` has said how long it is.
 */
export const STREAM_KINDS = ["websocket", "event_stream", "response", "download"] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

/** Why it was cut: the code that its request would be refused with now. */
export const STREAM_CUTS = ["token_revoked", "token_expired", "session_ended", "stale_view"] as const;
export type StreamCut = (typeof STREAM_CUTS)[number];
