import type { RevocationEntry } from "../../revocation/entry.ts";
import { BEGINNING, targetOf } from "./entries.ts";
import { metaKey } from "./keys.ts";
import { COMMON } from "./partition.ts";
import { integer, streamEntry, text, values } from "./reply.ts";
import { type RunScript, readsPrimary, readsPrimaryAtOnce } from "./script.ts";

/** Where a reader stands in a partition's feed: the id of the last entry that it has read, and that entry's number. */
export interface Position {
  readonly id: string;
  readonly number: number;
}

export interface FeedItem {
  readonly position: Position;
  /** The id of the entry before it, of which the stream may be rid already. */
  readonly previous: string;
  readonly entry: RevocationEntry;
}

/** One partition's part of the feed behind a position, as it was at one moment on its primary. */
export interface PartitionPage {
  readonly epoch: string;
  readonly last: Position;
  readonly items: readonly FeedItem[];
  /** Nothing lies behind the items. */
  readonly end: boolean;
  readonly continues: boolean;
  readonly now: number;
}

/** Reads every partition's feed behind the position that is given for it, `limit` entries of each at most. */
export type ReadPartitions = (after: readonly Position[], limit: number) => Promise<readonly PartitionPage[]>;

// Both are answered by a primary that takes writes, and by nobody else: what others show may be old.
const READ = readsPrimary("feed", {
  body: `
return { meta[1], meta[6] or '0-0', meta[7] or 0, now,
  redis.call('XRANGE', BASE .. 'feed', '(' .. input.after, '+', 'COUNT', input.limit) }`,
});

const READ_ALL = readsPrimaryAtOnce("feeds", {
  body: `
local pages = {}
for index, base in ipairs(BASES) do
  local epoch, clock, last, count = unpack(metas[index])
  local after, entries = input.after[index], {}
  if last ~= after then entries = redis.call('XRANGE', base .. 'feed', '(' .. after, '+', 'COUNT', input.limit) end
  pages[index] = { epoch, last or '0-0', count or 0, time_after(tonumber(clock) or 0), entries }
end
return pages`,
});

/** A script a partition, for a cluster, where no script may look into two slots. */
export const readEachPartition =
  (run: RunScript): ReadPartitions =>
  (after, limit) =>
    Promise.all(
      after.map(async (position, at) =>
        pageOf(await run(READ, metaKey(at), { after: position.id, limit }), position, limit),
      ),
    );

/** One script, for a server that holds every partition. */
export const readAllPartitions =
  (run: RunScript): ReadPartitions =>
  async (after, limit) => {
    const replies = values(await run(READ_ALL, metaKey(COMMON), { after: after.map(({ id }) => id), limit }));
    return after.map((position, at) => pageOf(replies[at], position, limit));
  };

function pageOf(reply: unknown, after: Position, limit: number): PartitionPage {
  const [epoch, lastId, count, now, entries] = values(reply);
  const last = { id: text(lastId), number: integer(count) };
  const items = values(entries).map(itemOf);
  return {
    ...{ epoch: text(epoch), last, items, now: integer(now) },
    end: items.length < limit || items.at(-1)?.position.id === last.id,
    continues: follows(last, after) && continuesWith(items, after),
  };
}

/** Whether the entries are of the history that the reader has read, and come behind its position. */
export const continuesWith = ([first]: readonly FeedItem[], after: Position): boolean =>
  first === undefined ||
  first.previous === after.id ||
  // Those in between have been trimmed: none of their tokens is alive.
  first.position.number > after.number + 1;

/** An entry as the stream holds it. */
export function itemOf(reply: unknown): FeedItem {
  const { id, fields } = streamEntry(reply);
  const position = { id, number: integer(fields.get("n")) };
  const entry = {
    target: targetOf(text(fields.get("t"))),
    at: integer(fields.get("a")),
    expires: integer(fields.get("x")),
  };
  return { position, previous: text(fields.get("p")), entry };
}

export const positionText = ({ id, number }: Position): string => `${id}-${number}`;

/** A position that is none of ours reads from the start: reading an entry again does no harm. */
export function positionOf(position: string): Position {
  const match = /^(\d{1,15}-\d{1,15})-(\d{1,15})$/.exec(position);
  const [, id, number] = match ?? [];
  return id === undefined || number === undefined ? positionOf(BEGINNING) : { id, number: Number(number) };
}

const follows = (last: Position, after: Position): boolean =>
  last.id === after.id ? last.number === after.number : last.number > after.number && compareIds(last.id, after.id) > 0;

export function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split("-").map(Number);
  const [bMs = 0, bSeq = 0] = b.split("-").map(Number);
  return aMs - bMs || aSeq - bSeq;
}
