import { isJsonObject } from "../lib/json-object.ts";
import { FEED_EVENTS } from "../protocol/revocation-feed.ts";
import type { HeldRevocation } from "../revocation/entry.ts";
import { readFeedEntry } from "../revocation/feed-entry.ts";
import type { StreamMessage } from "./event-stream.ts";

/** A message of the revocation feed. */
export type FeedNews =
  | { readonly kind: "start"; readonly clock: number; readonly maxStaleness: number }
  | { readonly kind: "entries"; readonly entries: readonly HeldRevocation[] }
  | { readonly kind: "view"; readonly asOf: number | null }
  /** An event that a later gateway may send beside them. */
  | { readonly kind: "other" };

/** Throws for a message that cannot be understood: to go on would be to miss a revocation. */
export function readFeedNews({ event, data }: StreamMessage): FeedNews {
  switch (event) {
    case FEED_EVENTS.start: {
      const start = readObject(data);
      return { kind: "start", clock: number(start.clock), maxStaleness: number(start.max_staleness) };
    }
    case FEED_EVENTS.entries:
      return { kind: "entries", entries: readEntries(data) };
    case FEED_EVENTS.view: {
      const { as_of: asOf } = readObject(data);
      return { kind: "view", asOf: asOf === null ? null : number(asOf) };
    }
    default:
      return { kind: "other" };
  }
}

function readEntries(data: string): HeldRevocation[] {
  const listed: unknown = JSON.parse(data);
  if (!Array.isArray(listed)) return malformed();
  return listed.map((item) => readFeedEntry(item) ?? malformed());
}

function readObject(data: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(data);
  return isJsonObject(value) ? value : malformed();
}

const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : malformed());

function malformed(): never {
  throw new Error("a message of the feed cannot be understood");
}
