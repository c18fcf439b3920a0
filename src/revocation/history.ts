import type { FeedPage } from "./feed.ts";
import type { ViewState } from "./follower.ts";
import { epochsOf, type HistoryBreak, sameEpochs } from "./repair.ts";

/** A view is fresh that has read to the end within this many milliseconds, with a receipt that the store took. */
const FRESH = 1000;

/** The history that a view was read from. */
export interface ViewHistory {
  readonly epochs: readonly string[];
  /** The store's clock at the last read, and our own monotonic one when that began. */
  readonly seen: number;
  readonly seenAt: number;
}

export const historyOf = (page: FeedPage, began: number): ViewHistory => ({
  epochs: epochsOf(page),
  seen: page.now,
  seenAt: began,
});

/** Whether a page belongs to another history than the one that was followed, or to less of it; null: it goes on. */
export function breakIn(history: ViewHistory | null, page: FeedPage): HistoryBreak | null {
  if (history === null) return null;
  if (!sameEpochs(epochsOf(page), history.epochs)) {
    return { cause: "epoch_mismatch", from: history.epochs, seen: history.seen };
  }
  return page.continues ? null : { cause: "rolled_back" };
}

/** `age`: milliseconds since the view was known to be complete; null until it has caught up. */
export function stateAt(age: number | null, maxStaleness: number): ViewState {
  if (age === null) return "catching_up";
  if (age <= FRESH) return "fresh";
  return age <= maxStaleness ? "aging" : "stale";
}
