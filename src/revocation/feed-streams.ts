import type { RevocationEntry } from "./entry.ts";
import type { FollowedHistory } from "./feed.ts";
import { FeedLog, type LoggedBatch } from "./feed-log.ts";
import { entriesMessage, type FeedMessage, viewMessage } from "./feed-messages.ts";
import { feedOpening } from "./feed-opening.ts";
import type { FeedPlace } from "./feed-place.ts";
import { type FeedReader, type FeedSource, FeedStream } from "./feed-stream.ts";
import type { RevocationView } from "./view.ts";

/** Milliseconds between two messages that say how complete the view is. */
const BEAT = 1000;
/** A follower that takes nothing for so many milliseconds is cut. */
const STALLED = 15_000;

export interface FeedStreamsOptions {
  readonly view: RevocationView;
  /** The gateway's own way through the feed. */
  readonly follower: { readonly position: FollowedHistory | null; readonly age: number | null };
  readonly maxStaleness: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Where services follow the live revocations. */
export interface RevocationFeeds {
  /** How many follow. */
  readonly size: number;
  /**
   * The stream for a follower that has come as far as `resume`. `full`: there are `max` already. `closed`: the view is not complete, or
   * the gateway is about to end.
   */
  open(reader: FeedReader, resume: FeedPlace | null, max: number): ReadableStream<FeedMessage> | "full" | "closed";
  /** Entries are in the view, and the gateway has come to that position. */
  advance(entries: readonly RevocationEntry[], position: FollowedHistory): void;
  /** The store has another history: nobody may take the view for complete until it has been told so again. */
  restart(): void;
  /** Ends all streams, and takes no more. */
  close(): void;
}

/**
 * Hands the live revocations on to services, as server-sent events, from memory: one log and one clock for all, and for each a place in
 * the log. Nothing is queued for a follower: it takes what comes next when it is ready for it, and is cut when it is no longer.
 */
export class FeedStreams implements RevocationFeeds {
  readonly #options: FeedStreamsOptions;
  readonly #log: FeedLog;
  readonly #source: FeedSource;
  readonly #open = new Set<FeedStream>();
  readonly #stopped = new AbortController();
  readonly #messages = new WeakMap<LoggedBatch, FeedMessage>();
  #beat: FeedMessage = new Uint8Array();
  /** Made when somebody waits for it. */
  #changed: PromiseWithResolvers<void> | null = null;
  #beating = false;

  constructor(options: FeedStreamsOptions, log: FeedLog = new FeedLog()) {
    this.#options = options;
    this.#log = log;
    this.#source = {
      batch: (number) => this.#batch(number),
      beat: () => this.#beat,
      changed: () => {
        this.#changed ??= Promise.withResolvers<void>();
        return this.#changed.promise;
      },
      monotonic: options.monotonic,
    };
  }

  get size(): number {
    return this.#open.size;
  }

  open(reader: FeedReader, resume: FeedPlace | null, max: number): ReadableStream<FeedMessage> | "full" | "closed" {
    const { follower } = this.#options;
    const { position } = follower;
    if (this.#stopped.signal.aborted || position === null || follower.age === null) return "closed";
    this.#tidy();
    if (this.#open.size >= max) return "full";
    const opening = feedOpening(this.#options, this.#log, position, resume);
    // So that the follower is ready as soon as it has what it lacks.
    this.#beat = this.#viewMessage();
    const stream = new FeedStream(reader, this.#source, opening);
    this.#open.add(stream);
    if (!this.#beating) void this.#keepBeating();
    return stream.readable;
  }

  advance(entries: readonly RevocationEntry[], position: FollowedHistory): void {
    this.#log.append(entries, position);
    this.#wake();
  }

  restart(): void {
    this.#log.restart();
    this.#end();
  }

  close(): void {
    this.#stopped.abort();
    this.#end();
  }

  #end(): void {
    for (const stream of this.#open) stream.end();
    this.#open.clear();
    this.#beat = this.#viewMessage();
    this.#wake();
  }

  async #keepBeating(): Promise<void> {
    this.#beating = true;
    const { signal } = this.#stopped;
    while (this.#open.size > 0 && !signal.aborted) {
      await this.#options.wait(BEAT, signal);
      this.#tidy();
      this.#beat = this.#viewMessage();
      this.#wake();
    }
    this.#beating = false;
  }

  /** Ends streams whose readers have gone, take nothing, or may no longer read. */
  #tidy(): void {
    const { view, now } = this.#options;
    for (const stream of this.#open) {
      if (stream.stalledFor > STALLED) stream.cut();
      else if (stream.reader.until <= now() || view.refuses(stream.reader)) stream.end();
      if (stream.ended) this.#open.delete(stream);
    }
  }

  #wake(): void {
    this.#changed?.resolve();
    this.#changed = null;
  }

  #batch(number: number): FeedMessage | "gone" | null {
    if (number >= this.#log.next) return null;
    const batch = this.#log.batch(number);
    if (batch === undefined) return "gone";
    const made = this.#messages.get(batch) ?? entriesMessage(batch.entries, batch.place);
    this.#messages.set(batch, made);
    return made;
  }

  #viewMessage(): FeedMessage {
    const { follower, monotonic } = this.#options;
    return viewMessage(follower.age === null ? null : monotonic() - follower.age);
  }
}
