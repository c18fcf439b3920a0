import type { FollowedHistory } from "./feed.ts";
import type { FeedLog } from "./feed-log.ts";
import { type FeedMessage, snapshotMessages, startMessage } from "./feed-messages.ts";
import type { FeedPlace } from "./feed-place.ts";
import type { FeedStreamsOptions } from "./feed-streams.ts";

/** How a follower's stream begins: the messages that it starts with, and the number of the batch that comes after them. */
export interface FeedOpening {
  readonly opening: Iterator<FeedMessage>;
  readonly next: number;
}

/** For a follower that has come as far as `resume`, from a gateway that stands at `position`: what it lacks, or all that is live. */
export function feedOpening(
  options: Pick<FeedStreamsOptions, "view" | "maxStaleness" | "now" | "monotonic">,
  log: FeedLog,
  position: FollowedHistory,
  resume: FeedPlace | null,
): FeedOpening {
  const { view, maxStaleness: max_staleness, now, monotonic } = options;
  const place = log.placeAt(position);
  const resumed = resume === null ? null : log.resumeAt(resume, place);
  const start = { clock: monotonic(), snapshot: resumed === null, max_staleness };
  function* opening(): Generator<FeedMessage> {
    yield startMessage(start);
    if (resumed === null) yield* snapshotMessages(view, now(), place);
  }
  return { opening: opening(), next: resumed ?? log.next };
}
