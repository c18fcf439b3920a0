/** The scope that a client needs to read the revocation feed. A user's token never opens it. */
export const REVOCATIONS_SCOPE = "postern:revocations";

/** Where the feed is, under `paths.auth`. */
export const REVOCATIONS_ENDPOINT = "/revocations";

/** The `event` of each message on the feed (server-sent events, in the WHATWG HTML standard). `data` is JSON. */
export const FEED_EVENTS = {
  /** `FeedStart`. First on every stream. */
  start: "start",
  /** `FeedEntry[]`: to be added to what is held already. With an `id`, a place from which the feed can be resumed. */
  entries: "entries",
  /** `FeedView`. Everything that the gateway knew then has been sent before. */
  view: "view",
} as const;

export interface FeedStart {
  /** The gateway's own time when the request came: milliseconds since some moment, never going back. */
  readonly clock: number;
  /** Whether everything that is live follows (a snapshot), rather than what has come since the place that was asked for. */
  readonly snapshot: boolean;
  /** Milliseconds after which a view that could not be brought up to date refuses. */
  readonly max_staleness: number;
}

export interface FeedView {
  /** When, by `clock`, the gateway's view was known to be complete; null while it is not. */
  readonly as_of: number | null;
}

/** One live revocation. `before` and `expires`: milliseconds since 1970. After `expires` no token that it names is alive. */
export type FeedEntry = { readonly expires: number } & (
  | { readonly kind: "token"; readonly jti: string }
  | { readonly kind: "session"; readonly sid: string }
  | { readonly kind: "user"; readonly sub: string; readonly before: number }
  | { readonly kind: "client"; readonly client_id: string; readonly before: number }
  | { readonly kind: "key"; readonly kid: string }
  | { readonly kind: "all"; readonly before: number }
);
