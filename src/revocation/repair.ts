import type { HeldRevocation } from "./entry.ts";
import type { FeedCursor, FeedPage, FollowedHistory } from "./feed.ts";
import { RevocationView } from "./view.ts";

/** How the store's history came to differ from the one that a view was read from. */
export type HistoryBreak =
  /** The store was wiped, in part or as a whole, or is another one. `from`: the epochs that were followed. `seen`: its clock, when last read. */
  | { readonly cause: "epoch_mismatch"; readonly from: readonly string[]; readonly seen: number }
  /** The same history, without its last entries: a replica was promoted that had not received them. */
  | { readonly cause: "rolled_back" };

export interface RepairOptions {
  readonly view: RevocationView;
  readonly read: (after: FeedCursor | null, limit: number) => Promise<FeedPage>;
  /** Refuses, in every partition whose epoch is no longer the one in `from`, all access tokens of before. Once, however many ask. */
  readonly seal: (from: readonly string[], seen: number) => Promise<void>;
  /** Publishes again, and ends again the sessions and users that are named. */
  readonly restore: (held: readonly HeldRevocation[]) => Promise<void>;
  /** The store may judge by this history from now on. */
  readonly follows: (history: FollowedHistory) => void;
  readonly restoreKeys: () => Promise<void>;
  /** Makes revoked keys sign no more. */
  readonly onKeyRevoked: () => Promise<void>;
}

export interface Repaired {
  /** The last page of the history as it stands now. */
  readonly page: FeedPage;
  /** How many entries had been lost and were written back. */
  readonly restored: number;
}

const PAGE = 1000;
const BATCH = 200;

/**
 * Brings a store that has lost a part of its history, and a view that has not, to agree: first nothing from before a wipe passes, then
 * the store is read from its start, of which `first` is the first page, and what it lacks is written back. Keys come last, so that none of them verifies anything before
 * it is known what has been revoked. Interrupted anywhere, it can be run again; run by several gateways, each adds what is missing.
 */
export async function repairHistory(options: RepairOptions, broken: HistoryBreak, first: FeedPage): Promise<Repaired> {
  const { view, read, restore } = options;
  const stored = new RevocationView();
  const take = ({ entries }: FeedPage): void => {
    for (const entry of entries) {
      stored.apply(entry);
      view.apply(entry);
    }
  };
  take(first);
  if (broken.cause === "epoch_mismatch") await options.seal(broken.from, broken.seen);
  const epochs = epochsOf(first);
  let page = first;
  do {
    page = await read(page.cursor, PAGE);
    if (!page.continues || !sameEpochs(epochsOf(page), epochs)) {
      throw new Error("the history changed again while it was being repaired");
    }
    take(page);
  } while (!page.end);
  const lost = view.held(page.now).filter(({ target }) => !stored.holds(target));
  for (let from = 0; from < lost.length; from += BATCH) await restore(lost.slice(from, from + BATCH));
  options.follows({ epochs, cursor: page.cursor });
  await options.restoreKeys();
  await options.onKeyRevoked();
  return { page, restored: lost.length };
}

export const epochsOf = ({ state }: FeedPage): readonly string[] => state.map(({ epoch }) => epoch);

export const sameEpochs = (some: readonly string[], others: readonly string[]): boolean =>
  some.every((epoch, partition) => epoch === others[partition]);
