import type { ProblemCode } from "../protocol/errors.ts";
import type { ViewState } from "../revocation/follower.ts";
import type { HistoryBreak } from "../revocation/repair.ts";
import type { EndReason } from "../sessions/end-reason.ts";
import type { RefreshOutcome } from "../sessions/refresh-outcome.ts";
import type { StreamCut, StreamKind } from "./streams.ts";
import type { TargetState, UpstreamFailure } from "./upstreams.ts";

/** What happened, for whoever counts and logs. Carries no token, cookie, password or other secret, and no unbounded label. */
export type Observation =
  | {
      readonly kind: "request";
      /** One that the HTTP parser knows, so that there are few. */
      readonly method: string;
      readonly route: string;
      readonly outcome: ProblemCode | "proxied" | "answered";
      readonly status: number;
      readonly ms: number;
    }
  | { readonly kind: "login"; readonly outcome: "ok" | "invalid_credentials" | "rate_limited" | "overloaded" }
  | { readonly kind: "refresh"; readonly outcome: RefreshOutcome }
  | { readonly kind: "session_ended"; readonly reason: EndReason; readonly sessions: number }
  /** Something that had been let through and went on was ended, with the code that its request would be refused with now. */
  | { readonly kind: "stream_cut"; readonly stream: StreamKind; readonly cut: StreamCut }
  | {
      readonly kind: "store_call";
      /** The operation's name in the store's port. */
      readonly operation: string;
      readonly outcome: "ok" | "unavailable" | "outcome_unknown" | "failed";
      readonly ms: number;
    }
  /** A round of upkeep could not do what `operation` says; it is tried again. */
  | { readonly kind: "store_failed"; readonly operation: string; readonly reason: string }
  /** Whether calls are made to a store that has not been answering; `half_open`: one is, to see. */
  | { readonly kind: "breaker"; readonly state: "closed" | "open" | "half_open" }
  /** The revocation view has come into another state. */
  | { readonly kind: "view"; readonly state: ViewState }
  /** Revocations were read, the oldest so many milliseconds after it had been published. */
  | { readonly kind: "feed_read"; readonly entries: number; readonly lag: number }
  /** The store was found wiped or rolled back. */
  | { readonly kind: "history_broken"; readonly cause: HistoryBreak["cause"] }
  /** That has been made good; `restored` revocations were written back to it. */
  | { readonly kind: "history_repaired"; readonly cause: HistoryBreak["cause"]; readonly restored: number }
  /** Requests may now go to an upstream, and all of its targets are taken to be up. */
  | { readonly kind: "upstream_opened"; readonly upstream: string; readonly targets: readonly string[] }
  /** What was opened has been closed: the configuration has changed. */
  | { readonly kind: "upstream_closed"; readonly upstream: string; readonly targets: readonly string[] }
  /** A request to an upstream failed. */
  | { readonly kind: "upstream_failure"; readonly upstream: string; readonly failure: UpstreamFailure }
  /** A target takes requests again, or none: ejected for its failures, for so many milliseconds, or not well by its own answer. */
  | {
      readonly kind: "upstream_target";
      readonly upstream: string;
      readonly target: string;
      readonly state: TargetState;
      readonly ms: number | null;
    }
  /** So many more requests wait for a free connection. */
  | { readonly kind: "upstream_pending"; readonly upstream: string; readonly change: 1 | -1 }
  /** The configuration was read again and is in use. `kept`: options that have changed and wait for a restart, by path. */
  | { readonly kind: "config_reloaded"; readonly config: string; readonly kept: readonly string[] }
  /** The configuration was read again and cannot be used; nothing has changed. */
  | { readonly kind: "config_refused"; readonly problems: readonly string[] }
  /** This process has taken the place of another that ended. */
  | { readonly kind: "worker_restarted"; readonly reason: string }
  /** A process that was one of several has ended unasked; another one is started after so many milliseconds. */
  | { readonly kind: "worker_lost"; readonly worker: number; readonly reason: string; readonly pause: number }
  /** A log line could not be written. */
  | { readonly kind: "log_dropped" }
  | { readonly kind: "internal_error"; readonly where: string; readonly message: string };

export type Observe = (event: Observation) => void;
