import { encodeBasic } from "../lib/basic.ts";
import { REVOCATIONS_ENDPOINT } from "../protocol/revocation-feed.ts";
import { RevocationView, type TokenFacts } from "../revocation/view.ts";
import { messagesOf } from "./event-stream.ts";
import { type FeedNews, readFeedNews } from "./feed-reading.ts";
import { piecesOf } from "./fetch.ts";
import { type Platform, platform } from "./platform.ts";
import type { Revocations } from "./verifier.ts";

export interface FollowOptions extends Partial<Platform> {
  /** The gateway's `issuer`. */
  readonly issuer: string;
  /** Where the feed is; `/auth/revocations` on the issuer's origin by default. */
  readonly url?: string | URL;
  /** A client of the gateway whose scopes hold `postern:revocations`. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Milliseconds after which nothing is known any more; what the gateway goes by, by default. */
  readonly maxStaleness?: number;
  /** Told of every connection that could not be made or broke; another is made by itself. */
  readonly onProblem?: (problem: Error) => void;
}

/** Revocations as they come from a gateway. */
export interface FollowedRevocations extends Revocations {
  /** Milliseconds since the view was known to be complete, the way here included; null until it has caught up. */
  readonly age: number | null;
  /** How many are held. */
  readonly size: number;
  /** Resolves when the view has caught up for the first time. */
  readonly ready: Promise<void>;
  /** Lets go of the gateway; what is known grows stale. */
  stop(): void;
}

/** The gateway answered something else than the feed. */
export class FeedRefused extends Error {
  override readonly name = "FeedRefused";
  readonly status: number;

  constructor(status: number) {
    super(`the gateway answered ${status} and not its revocations`);
    this.status = status;
  }
}

/** The gateway speaks every second: after so many milliseconds of silence the connection is given up. */
const SILENCE = 10_000;
/** Milliseconds before another connection is made: at first, and at most. */
const PAUSE = { least: 250, most: 5_000 };
/** Entries are kept so many milliseconds longer, for a clock that is set back. */
const MARGIN = 60_000;

/**
 * Follows a gateway's revocations until `stop`. Nothing is known until the view has caught up, and again once the gateway has not been
 * heard of for `maxStaleness`, or says itself that its view is not complete.
 */
export function followRevocations(options: FollowOptions): FollowedRevocations {
  return new Follower(options);
}

class Follower implements FollowedRevocations {
  readonly ready: Promise<void>;
  readonly #options: FollowOptions & Platform;
  readonly #url: string;
  readonly #view = new RevocationView();
  readonly #stopped = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  /** When, by this service's clock, the view was complete at the latest; null while that is not known. */
  #completeAt: number | null = null;
  #maxStaleness: number;
  /** Where the feed is resumed. */
  #place: string | null = null;
  #failures = 0;

  constructor(options: FollowOptions) {
    this.#options = { ...platform, ...options };
    this.#url = new URL(options.url ?? `/auth${REVOCATIONS_ENDPOINT}`, options.issuer).href;
    this.#maxStaleness = options.maxStaleness ?? 0;
    this.ready = this.#ready.promise;
    void this.#follow();
  }

  get age(): number | null {
    return this.#completeAt === null ? null : this.#options.monotonic() - this.#completeAt;
  }

  get size(): number {
    return this.#view.size;
  }

  get stale(): boolean {
    const { age } = this;
    return age === null || age > this.#maxStaleness;
  }

  refuses(token: TokenFacts): boolean {
    return this.#view.refuses(token);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #follow(): Promise<void> {
    const { wait, onProblem } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.#connect();
      } catch (error) {
        if (!signal.aborted) onProblem?.(error instanceof Error ? error : new Error("the connection broke"));
      }
      const pause = Math.min(PAUSE.most, PAUSE.least * 2 ** this.#failures);
      this.#failures = Math.min(this.#failures + 1, 10);
      // Services that lost one gateway together must not come to the next one together.
      if (!signal.aborted) await wait(pause * (0.5 + Math.random() / 2), signal);
    }
  }

  /** Resolves when the stream has ended. */
  async #connect(): Promise<void> {
    const { fetch, monotonic, clientId, clientSecret } = this.#options;
    const asked = monotonic();
    const connection = new Connection(this.#options, this.#stopped.signal);
    try {
      const response = await fetch(this.#url, {
        headers: {
          accept: "text/event-stream",
          authorization: encodeBasic(clientId, clientSecret),
          ...(this.#place === null ? {} : { "last-event-id": this.#place }),
        },
        // The secret is for the gateway alone.
        redirect: "manual",
        signal: connection.signal,
      });
      if (response.status !== 200) throw new FeedRefused(response.status);
      let clock: number | null = null;
      for await (const message of messagesOf(connection.heard(piecesOf(response, connection.signal)))) {
        const news = readFeedNews(message);
        if (news.kind === "start") clock = news.clock;
        else if (clock === null) throw new Error("the feed does not begin with its start");
        this.#take(news, asked - (clock ?? 0));
        if (message.id !== null) this.#place = message.id;
      }
    } finally {
      connection.close();
    }
  }

  /** `offset`: from the gateway's clock to this service's. The request was made no later than it came: the view is never taken for younger. */
  #take(news: FeedNews, offset: number): void {
    switch (news.kind) {
      case "start":
        this.#maxStaleness = this.#options.maxStaleness ?? news.maxStaleness;
        break;
      case "entries":
        for (const entry of news.entries) this.#view.apply(entry);
        break;
      case "view":
        this.#view.trim(this.#options.now() - MARGIN);
        this.#failures = 0;
        if (news.asOf === null) this.#completeAt = null;
        else {
          this.#completeAt = Math.max(news.asOf + offset, this.#completeAt ?? Number.NEGATIVE_INFINITY);
          this.#ready.resolve();
        }
        break;
      case "other":
        break;
      default:
        news satisfies never;
    }
  }
}

/** Gives a connection up that is silent for too long. */
class Connection {
  readonly #aborted = new AbortController();
  readonly #closed = new AbortController();
  readonly #platform: Platform;
  readonly signal = this.#aborted.signal;
  #heardAt: number;

  constructor(from: Platform, stopped: AbortSignal) {
    this.#platform = from;
    this.#heardAt = from.monotonic();
    const abort = (): void => this.#aborted.abort(stopped.reason);
    stopped.addEventListener("abort", abort);
    this.#closed.signal.addEventListener("abort", () => stopped.removeEventListener("abort", abort));
    if (stopped.aborted) abort();
    void this.#watch();
  }

  async *heard(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#heardAt = this.#platform.monotonic();
      yield piece;
    }
  }

  close(): void {
    this.#closed.abort();
  }

  async #watch(): Promise<void> {
    const { monotonic, wait } = this.#platform;
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const left = this.#heardAt + SILENCE - monotonic();
      if (left <= 0) return this.#aborted.abort(new Error("the gateway has been silent for too long"));
      await wait(left, signal);
    }
  }
}
