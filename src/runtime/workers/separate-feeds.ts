import type { RevocationEntry } from "../../revocation/entry.ts";
import type { FollowedHistory } from "../../revocation/feed.ts";
import { FeedLog } from "../../revocation/feed-log.ts";
import { entriesMessage, type FeedMessage, viewMessage } from "../../revocation/feed-messages.ts";
import { feedOpening } from "../../revocation/feed-opening.ts";
import type { FeedPlace } from "../../revocation/feed-place.ts";
import { type FeedReader, type FeedSource, FeedStream } from "../../revocation/feed-stream.ts";
import type { FeedStreamsOptions, RevocationFeeds } from "../../revocation/feed-streams.ts";

/** Milliseconds between two looks of a follower's own at what has come. */
const LOOK = 500;
/** After so many looks a follower has to come back: each may ask the object, and what one request may ask for is bounded (1000). */
const LOOKS = 800;
/** Milliseconds without a look, or without taking what is there, after which a follower's place is another's. */
const STALLED = 15_000;

export interface SeparateFeedsOptions extends FeedStreamsOptions {
  /** Brings the view up to date where it is not. */
  readonly refresh: () => Promise<void>;
}

/**
 * Streams of the live revocations where each belongs to the request that asked for it, and nothing else can wake it: each looks by itself
 * for what has come, and brings the view up to date where nobody else has. The log is one for all.
 */
export class SeparateFeeds implements RevocationFeeds {
  readonly #options: SeparateFeedsOptions;
  readonly #log = new FeedLog();
  readonly #open = new Map<FeedStream, OwnSource>();
  #closed = false;

  constructor(options: SeparateFeedsOptions) {
    this.#options = options;
  }

  get size(): number {
    this.#forgetGone();
    return this.#open.size;
  }

  open(reader: FeedReader, resume: FeedPlace | null, max: number): ReadableStream<FeedMessage> | "full" | "closed" {
    const { follower } = this.#options;
    const { position } = follower;
    if (this.#closed || position === null || follower.age === null) return "closed";
    if (this.size >= max) return "full";
    const source = new OwnSource(this.#options, this.#log, () => this.#mayGoOn(stream, source));
    const stream = new FeedStream(reader, source, feedOpening(this.#options, this.#log, position, resume));
    this.#open.set(stream, source);
    return stream.readable;
  }

  advance(entries: readonly RevocationEntry[], position: FollowedHistory): void {
    this.#log.append(entries, position);
  }

  restart(): void {
    this.#log.restart();
    this.#end();
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #end(): void {
    for (const stream of this.#open.keys()) stream.end();
    this.#open.clear();
  }

  #mayGoOn(stream: FeedStream, { looks }: OwnSource): boolean {
    const { view, follower, now } = this.#options;
    const { reader } = stream;
    const may = reader.until > now() && follower.position !== null && looks < LOOKS && !view.refuses(reader);
    if (!may) stream.end();
    if (stream.ended) this.#open.delete(stream);
    return !stream.ended;
  }

  /** The platform does not always say that a client has gone. */
  #forgetGone(): void {
    for (const [stream, source] of this.#open) {
      if (stream.stalledFor > STALLED || source.waitsFor > STALLED) stream.end();
      if (stream.ended) this.#open.delete(stream);
    }
  }
}

/** What one follower is fed from. */
class OwnSource implements FeedSource {
  readonly #options: SeparateFeedsOptions;
  readonly #log: FeedLog;
  readonly #mayGoOn: () => boolean;
  #beat: FeedMessage;
  #waitsSince: number | null = null;
  #looks = 0;

  constructor(options: SeparateFeedsOptions, log: FeedLog, mayGoOn: () => boolean) {
    this.#options = options;
    this.#log = log;
    this.#mayGoOn = mayGoOn;
    this.#beat = this.#viewMessage();
  }

  get looks(): number {
    return this.#looks;
  }

  /** Milliseconds for which it has been waiting to look, or for what it asked for. */
  get waitsFor(): number {
    return this.#waitsSince === null ? 0 : this.#options.monotonic() - this.#waitsSince;
  }

  batch(number: number): FeedMessage | "gone" | null {
    if (number >= this.#log.next) return null;
    const batch = this.#log.batch(number);
    return batch === undefined ? "gone" : entriesMessage(batch.entries, batch.place);
  }

  beat(): FeedMessage {
    return this.#beat;
  }

  async changed(): Promise<void> {
    const { monotonic, wait, refresh } = this.#options;
    // All that had come has been sent, what ends the follower's own stream included.
    if (this.#mayGoOn()) {
      this.#waitsSince = monotonic();
      await wait(LOOK, new AbortController().signal);
      await refresh();
      this.#waitsSince = null;
      this.#looks += 1;
    }
    this.#beat = this.#viewMessage();
  }

  monotonic(): number {
    return this.#options.monotonic();
  }

  #viewMessage(): FeedMessage {
    const { follower, monotonic } = this.#options;
    return viewMessage(follower.age === null ? null : monotonic() - follower.age);
  }
}
