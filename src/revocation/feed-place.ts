import { cursorCovers } from "./cursor.ts";
import type { FollowedHistory } from "./feed.ts";
import { sameEpochs } from "./repair.ts";

/** How far a follower has come: the position in the store's feed, so that any gateway can go on from it. */
export interface FeedPlace extends FollowedHistory {
  /** When the newest entry up to there was published, in milliseconds since 1970 by the store's clock; 0: none was seen. */
  readonly newest: number;
}

/** Longer ones are none of ours. */
const MAX_TEXT = 4096;
const PLACE = /^(\d{1,15})~([A-Za-z0-9_-]{1,64}(?:,[A-Za-z0-9_-]{1,64})*)~([0-9-]{1,48}(?:,[0-9-]{1,48})*)$/;

export const placeText = ({ newest, epochs, cursor }: FeedPlace): string =>
  `${newest}~${epochs.join(",")}~${cursor.join(",")}`;

/** The place in a text that `placeText` made, or null. */
export function readPlace(text: string): FeedPlace | null {
  const [, newest, epochs, cursor] = text.length > MAX_TEXT ? [] : (PLACE.exec(text) ?? []);
  if (newest === undefined || epochs === undefined || cursor === undefined) return null;
  return { newest: Number(newest), epochs: epochs.split(","), cursor: cursor.split(",") };
}

/**
 * Whether who stands at `reached` has all that stands up to `wanted`. The time is asked too: a store that was rolled back may give
 * positions a second time.
 */
export const reaches = (reached: FeedPlace, wanted: FeedPlace): boolean =>
  reached.newest >= wanted.newest &&
  reached.epochs.length === wanted.epochs.length &&
  sameEpochs(reached.epochs, wanted.epochs) &&
  cursorCovers(reached.cursor, wanted.cursor);
