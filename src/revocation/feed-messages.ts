import { FEED_EVENTS, type FeedStart, type FeedView } from "../protocol/revocation-feed.ts";
import type { HeldRevocation } from "./entry.ts";
import { feedEntry } from "./feed-entry.ts";
import { type FeedPlace, placeText } from "./feed-place.ts";
import type { RevocationView } from "./view.ts";

/** Milliseconds after which a follower that was cut off should come back, as EventSource clients do. */
const RETRY = 1000;
/** A message as it goes out. */
export type FeedMessage = Uint8Array<ArrayBuffer>;

const utf8 = new TextEncoder();

export const startMessage = (start: FeedStart): FeedMessage => message(FEED_EVENTS.start, start, `retry: ${RETRY}\n`);

export const viewMessage = (asOf: number | null): FeedMessage =>
  message(FEED_EVENTS.view, { as_of: asOf } satisfies FeedView);

/** `place`: where whoever has read this, and all before it, stands. */
export const entriesMessage = (entries: readonly HeldRevocation[], place: FeedPlace | null): FeedMessage =>
  message(FEED_EVENTS.entries, entries.map(feedEntry), place === null ? "" : `id: ${placeText(place)}\n`);

/** Everything that is live, a page at a time. `place`: up to where the view is complete. */
export function* snapshotMessages(view: RevocationView, now: number, place: FeedPlace): Generator<FeedMessage> {
  for (const page of view.pages(now)) if (page.length > 0) yield entriesMessage(page, null);
  yield entriesMessage([], place);
}

const message = (event: string, data: unknown, more = ""): FeedMessage =>
  utf8.encode(`${more}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
