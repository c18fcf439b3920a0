import type { HashingLoad } from "../accounts/passwords.ts";
import type { ViewState } from "../revocation/follower.ts";
import type { StreamKind } from "./streams.ts";

/** What is looked at when somebody asks, beside what is told when it happens. */
export interface Readings {
  readonly view: {
    readonly state: ViewState;
    /** Live revocations that it holds. */
    readonly entries: number;
    /** Milliseconds since it was last known to hold everything that was published; null until it has caught up. */
    readonly age: number | null;
  };
  readonly hashing: HashingLoad;
  /** Services that follow the revocations on this gateway. */
  readonly followers: number;
  /** Open under a token, now. */
  readonly streams: Readonly<Record<StreamKind, number>>;
}

/** What has been observed so far, in a form that a monitoring system reads. */
export interface Metrics {
  readonly contentType: string;
  text(readings: Readings): Promise<string>;
}
