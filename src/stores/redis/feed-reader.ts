import type { FeedCursor, FeedNews, FeedPage } from "../../revocation/feed.ts";
import type { OperationInput } from "../operations.ts";
import { StoreUnavailable } from "../store.ts";
import { BEGINNING } from "./entries.ts";
import {
  compareOrder,
  continuesWith,
  type PartitionPage,
  type Position,
  positionOf,
  positionText,
  type ReadPartitions,
  streamedItemOf,
} from "./feed-page.ts";
import { ALL_PARTITIONS, PARTITIONS } from "./partition.ts";

/** Of each partition at least so many entries are read at a time: what comes is seldom spread evenly. */
const LEAST = 64;

/**
 * Waits, by connections of its own, until partitions' feeds have entries behind the ids that are given for them, for so many
 * milliseconds at most. Resolves with the entries by partition, `count` of each at most. Rejects with a store error.
 */
export type WaitForEntries = (
  after: readonly string[],
  count: number,
  milliseconds: number,
) => Promise<ReadonlyMap<number, readonly unknown[]>>;

/** Reads the 16 partitions' feeds as one. Entries come in the order of their publishing within a page. */
export const feedReader =
  (read: ReadPartitions) =>
  async ({ after, limit }: OperationInput<"readFeed">): Promise<FeedPage> => {
    const positions = positionsOf(after);
    const pages = await read(positions, eachOf(limit));
    const { taken, reached, all } = inOrder(pages, limit);
    return {
      entries: taken.map(({ entry }) => entry),
      // At the end the position is that of the newest entry ever published, those that have been trimmed included.
      cursor: pages.map(({ end, last }, at) =>
        positionText(end && all(at) ? last : (reached(at) ?? positions[at] ?? last)),
      ),
      end: pages.every((page, at) => page.end && all(at)),
      continues: pages.every((page) => page.continues),
      state: pages.map(({ epoch, last }) => ({ epoch, last: positionText(last) })),
      now: Math.max(...pages.map(({ now }) => now)),
    };
  };

/** Waits for entries of all partitions at once. */
export const newsReader =
  (wait: WaitForEntries) =>
  async ({ after, limit, wait: milliseconds }: OperationInput<"awaitFeed">): Promise<FeedNews | null> => {
    const positions = positionsOf(after);
    const come = await wait(
      positions.map(({ id }) => id),
      eachOf(limit),
      milliseconds,
    );
    const parts = positions.map((_, at) => ({ items: (come.get(at) ?? []).map(streamedItemOf) }));
    if (come.size === 0) return null;
    // Only a read can tell what has happened.
    if (!positions.every((position, at) => continuesWith(parts[at]?.items ?? [], position))) {
      throw new StoreUnavailable("awaitFeed: what came does not go on from there");
    }
    const { taken, reached } = inOrder(parts, limit);
    return {
      entries: taken.map(({ entry }) => entry),
      cursor: positions.map((position, at) => positionText(reached(at) ?? position)),
    };
  };

const positionsOf = (cursor: FeedCursor | null): readonly Position[] =>
  ALL_PARTITIONS.map((partition) => positionOf(cursor?.[partition] ?? BEGINNING));

const eachOf = (limit: number): number => Math.min(limit, Math.max(LEAST, Math.ceil(limit / PARTITIONS)));

/** The oldest entries of all partitions, as many as asked for, and how far they reach in each. */
function inOrder(parts: readonly Pick<PartitionPage, "items">[], limit: number) {
  const taken = parts
    .flatMap(({ items }, partition) => items.map((item) => ({ item, partition })))
    .sort((a, b) => compareOrder(a.item.order, b.item.order))
    .slice(0, limit);
  const own = Map.groupBy(taken, ({ partition }) => partition);
  return {
    taken: taken.map(({ item }) => item),
    reached: (partition: number): Position | null => own.get(partition)?.at(-1)?.item.position ?? null,
    all: (partition: number): boolean => (own.get(partition)?.length ?? 0) === parts[partition]?.items.length,
  };
}
