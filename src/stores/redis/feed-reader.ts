import type { FeedPage } from "../../revocation/feed.ts";
import type { OperationInput } from "../operations.ts";
import { BEGINNING } from "./entries.ts";
import {
  compareIds,
  continuesWith,
  type FeedItem,
  itemOf,
  type PartitionPage,
  type Position,
  positionOf,
  positionText,
  readPartition,
} from "./feed-page.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS, PARTITIONS } from "./partition.ts";
import type { RunScript } from "./script.ts";

/** Of each partition at least so many entries are read at a time: what comes is seldom spread evenly. */
const LEAST = 64;

/**
 * Waits, by connections of its own, until a partition's feed has entries behind the position that is given for it, for so many
 * milliseconds at most. Resolves with the entries by partition, `count` of each at most, and with how long after the call nothing was
 * there yet where nothing came. Rejects with a store error.
 */
export type WaitForEntries = (
  after: readonly string[],
  count: number,
  milliseconds: number,
) => Promise<{ readonly entries: ReadonlyMap<number, readonly unknown[]>; readonly quiet: number }>;

/** Reads the 16 partitions' feeds as one. Entries come in the order of their publishing within a page. */
export function feedReader(run: RunScript, wait: WaitForEntries) {
  async function read(input: OperationInput<"readFeed">): Promise<FeedPage> {
    const after = ALL_PARTITIONS.map((partition) => positionOf(input.after?.[partition] ?? BEGINNING));
    const each = Math.min(input.limit, Math.max(LEAST, Math.ceil(input.limit / PARTITIONS)));
    const pages = await Promise.all(after.map((position, at) => readPartition(run, metaKey(at), position, each)));
    const page = pageOf(pages, after, input.limit);
    const milliseconds = input.wait ?? 0;
    if (milliseconds === 0 || !page.end || !page.continues || page.entries.length > 0) return page;

    const reached = page.cursor.map(positionOf);
    const { entries, quiet } = await wait(
      reached.map(({ id }) => id),
      each,
      milliseconds,
    );
    if (entries.size === 0) return { ...page, waited: quiet };
    const come = pages.map((before, at) => extended(before, entries.get(at) ?? [], reached[at] ?? before.last, each));
    const brought = pageOf(come, reached, input.limit);
    // What came says nothing of its epoch, and in a store that was wiped meanwhile numbers begin again.
    return brought.continues ? brought : read({ ...input, wait: 0 });
  }
  return read;
}

/** The partition's page after entries have come. */
function extended(before: PartitionPage, entries: readonly unknown[], reached: Position, each: number): PartitionPage {
  const items = entries.map(itemOf);
  const newest = items.at(-1);
  if (newest === undefined) return { ...before, items };
  return {
    ...before,
    items,
    last: newest.position,
    end: items.length < each,
    continues: continuesWith(items, reached),
    // No reply of a waiting read tells the time: the entry was published when this one came, or before.
    now: Math.max(before.now, newest.entry.at),
  };
}

function pageOf(pages: readonly PartitionPage[], after: readonly Position[], limit: number): FeedPage {
  const found = pages
    .flatMap(({ items }, partition) => items.map((item) => ({ ...item, partition })))
    .sort((a, b) => compareIds(a.position.id, b.position.id));
  const taken = found.slice(0, limit);
  const cursor = pages.map((page, at) => positionText(reachedIn(page, taken, at) ?? after[at] ?? page.last));
  return {
    entries: taken.map(({ entry }) => entry),
    cursor,
    end: taken.length === found.length && pages.every((page) => page.end),
    continues: pages.every((page) => page.continues),
    waited: 0,
    state: pages.map(({ epoch, last }) => ({ epoch, last: positionText(last) })),
    now: Math.max(...pages.map(({ now }) => now)),
  };
}

/** At the end the position is that of the newest entry ever published, those that have been trimmed included. */
function reachedIn(
  page: PartitionPage,
  taken: readonly (FeedItem & { readonly partition: number })[],
  partition: number,
): Position | null {
  const own = taken.filter((item) => item.partition === partition);
  if (page.end && own.length === page.items.length) return page.last;
  return own.at(-1)?.position ?? null;
}
