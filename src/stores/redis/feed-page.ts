import type { RevocationEntry } from "../../revocation/entry.ts";
import { BEGINNING, targetOf } from "./entries.ts";
import { metaKey } from "./keys.ts";
import { COMMON } from "./partition.ts";
import { integer, text, values } from "./reply.ts";
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
  readonly order: Order;
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

/** A page is one string, an entry a line: replies with a string for each would take the reader ten times as long. */
const LINES = `
local function lines_behind(feed, after, limit)
  local lines = redis.call('XRANGE', feed, '(' .. after, '+', 'COUNT', limit)
  for index, entry in ipairs(lines) do lines[index] = entry[1] .. ' ' .. entry[2][2] end
  return table.concat(lines, '\\n')
end
`;

// Both are answered by a primary that takes writes, and by nobody else: what others show may be old.
const READ = readsPrimary("feed", {
  uses: [LINES],
  body: `
return { meta[1], meta[6] or '0-0', meta[7] or 0, now, lines_behind(BASE .. 'feed', input.after, input.limit) }`,
});

const READ_ALL = readsPrimaryAtOnce("feeds", {
  uses: [LINES],
  body: `
local pages = {}
for index, base in ipairs(BASES) do
  local epoch, clock, last, count = unpack(metas[index])
  local after, lines = input.after[index], ''
  if last ~= after then lines = lines_behind(base .. 'feed', after, input.limit) end
  pages[index] = { epoch, last or '0-0', count or 0, time_after(tonumber(clock) or 0), lines }
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
  const [epoch, lastId, count, now, lines] = values(reply);
  const last = { id: text(lastId), number: integer(count) };
  const items = lines === "" ? [] : text(lines).split("\n").map(itemOf);
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
export function streamedItemOf(reply: unknown): FeedItem {
  const [id, fields] = values(reply);
  return itemOf(`${text(id)} ${text(values(fields)[1])}`);
}

/** Its id, and what scripts/publish.ts wrote: five words and JSON. */
function itemOf(line: string): FeedItem {
  const words: string[] = [];
  let from = 0;
  for (let word = 0; word < WORDS; word++) {
    const to = line.indexOf(" ", from);
    words.push(line.slice(from, to));
    from = to + 1;
  }
  const [id, number, previous, at, expires] = words;
  return {
    position: { id: text(id), number: integer(number) },
    previous: text(previous),
    order: orderOf(text(id)),
    entry: { target: targetOf(line.slice(from)), at: integer(at), expires: integer(expires) },
  };
}

const WORDS = 5;

export const positionText = ({ id, number }: Position): string => `${id}-${number}`;

/** A position that is none of ours reads from the start: reading an entry again does no harm. */
export function positionOf(position: string): Position {
  const match = /^(\d{1,15}-\d{1,15})-(\d{1,15})$/.exec(position);
  const [, id, number] = match ?? [];
  return id === undefined || number === undefined ? positionOf(BEGINNING) : { id, number: Number(number) };
}

const follows = (last: Position, after: Position): boolean =>
  last.id === after.id
    ? last.number === after.number
    : last.number > after.number && compareOrder(orderOf(last.id), orderOf(after.id)) > 0;

/** The numbers in a stream's id. */
export interface Order {
  readonly milliseconds: number;
  readonly sequence: number;
}

export const compareOrder = (a: Order, b: Order): number => a.milliseconds - b.milliseconds || a.sequence - b.sequence;

function orderOf(id: string): Order {
  const hyphen = id.indexOf("-");
  return { milliseconds: Number(id.slice(0, hyphen)), sequence: Number(id.slice(hyphen + 1)) };
}
