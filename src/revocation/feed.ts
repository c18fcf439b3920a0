import type { RevocationEntry } from "./entry.ts";

/** How far a reader has read: one opaque position a partition. The embedded store has one partition. */
export type FeedCursor = readonly string[];

/** What a reader compares to notice that a store was wiped or rolled back. */
export interface FeedState {
  /** Random, made with the store; another value means another history. */
  readonly epoch: string;
  /** Position of the newest entry ever published. */
  readonly last: string;
}

/** How far a reader has read, and of which history: an epoch and a position a partition. */
export interface FollowedHistory {
  readonly epochs: readonly string[];
  readonly cursor: FeedCursor;
}

/** What came while it was waited for, oldest entry first. It goes on from where the reader stands, and says nothing of the feed's end. */
export interface FeedNews {
  readonly entries: readonly RevocationEntry[];
  readonly cursor: FeedCursor;
}

/** What one read of the feed brought, oldest entry first. */
export interface FeedPage {
  readonly entries: readonly RevocationEntry[];
  readonly cursor: FeedCursor;
  /** True when there was nothing more to read at the time of the read. */
  readonly end: boolean;
  /** False: what stands before the place that was read from is no longer what a reader found there. The store was rolled back. */
  readonly continues: boolean;
  readonly state: readonly FeedState[];
  /** The store's clock at the read, in milliseconds. */
  readonly now: number;
}
