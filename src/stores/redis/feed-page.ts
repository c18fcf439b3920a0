import type { RevocationEntry } from "../../revocation/entry.ts";
import { BEGINNING, targetOf } from "./entries.ts";
import { integer, streamEntry, text, values } from "./reply.ts";
import { type RunScript, readsPrimary } from "./script.ts";

/** Where a reader stands in a partition's feed: the id of the last entry that it has read, and that entry's number. */
export interface Position {
  readonly id: string;
  readonly number: number;
}

export interface FeedItem {
  readonly position: Position;
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

// Answered by a primary only: what a replica shows may be old.
const READ = readsPrimary("feed", {
  body: `
local state = redis.call('HMGET', META, 'last', 'count')
return { meta[1], state[1] or '0-0', state[2] or 0, now,
  redis.call('XRANGE', BASE .. 'feed', '(' .. input.after, '+', 'COUNT', input.limit) }`,
});

export async function readPartition(
  run: RunScript,
  key: string,
  after: Position,
  limit: number,
): Promise<PartitionPage> {
  const [epoch, lastId, count, now, entries] = values(await run(READ, key, { after: after.id, limit }));
  const last = { id: text(lastId), number: integer(count) };
  const items = values(entries).map(itemOf);
  return {
    ...{ epoch: text(epoch), last, items, now: integer(now) },
    end: items.length < limit || items.at(-1)?.position.id === last.id,
    continues: follows(last, after) && continuesWith(items, after),
  };
}

/** Numbers go on where a reader stopped, unless the entries that it read are gone and others have taken their numbers. */
export const continuesWith = ([first]: readonly FeedItem[], after: Position): boolean =>
  first === undefined || first.position.number > after.number;

/** An entry as the stream holds it. */
export function itemOf(reply: unknown): FeedItem {
  const { id, fields } = streamEntry(reply);
  const position = { id, number: integer(fields.get("n")) };
  const entry = {
    target: targetOf(text(fields.get("t"))),
    at: integer(fields.get("a")),
    expires: integer(fields.get("x")),
  };
  return { position, entry };
}

export const positionText = ({ id, number }: Position): string => `${id}-${number}`;

/** A position that is none of ours reads from the start: reading an entry again does no harm. */
export function positionOf(position: string): Position {
  const match = /^(\d{1,15}-\d{1,15})-(\d{1,15})$/.exec(position);
  const [, id, number] = match ?? [];
  return id === undefined || number === undefined ? positionOf(BEGINNING) : { id, number: Number(number) };
}

const follows = (last: Position, after: Position): boolean =>
  last.number >= after.number && compareIds(last.id, after.id) >= 0;

export function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split("-").map(Number);
  const [bMs = 0, bSeq = 0] = b.split("-").map(Number);
  return aMs - bMs || aSeq - bSeq;
}
