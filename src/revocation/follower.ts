import type { FeedCursor, FeedPage } from "./feed.ts";
import type { RevocationView } from "./view.ts";

const PAGE = 1000;
/** A view that has read to the end within this many milliseconds is fresh (DESIGN section 5). */
const FRESH = 1000;
const PAUSE_AFTER_FAILURE = 250;

export type ViewState = "catching_up" | "fresh" | "aging" | "stale";

export interface FollowerOptions {
  readonly view: RevocationView;
  readonly read: (after: FeedCursor | null, limit: number) => Promise<FeedPage>;
  /** Makes a revoked key sign no more. An entry counts as read when this has resolved; it is read again when this rejects. */
  readonly onKeyRevoked: () => Promise<void>;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Resolves after so many milliseconds, or when `signal` is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds between two reads. */
  readonly interval: number;
  /** Milliseconds after which a view that could not be read is stale. */
  readonly maxStaleness: number;
}

/** Keeps a view in step with the feed: reads to the end, then asks again at every interval. */
export class FeedFollower {
  readonly #options: FollowerOptions;
  readonly #stopped = new AbortController();
  #cursor: FeedCursor | null = null;
  #epochs = "";
  /** When the last read began that came to the end; null until the view has caught up. */
  #endReadAt: number | null = null;
  #reading: Promise<void> | null = null;
  #following: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  get cursor(): FeedCursor | null {
    return this.#cursor;
  }

  get state(): ViewState {
    if (this.#endReadAt === null) return "catching_up";
    const age = this.#options.monotonic() - this.#endReadAt;
    if (age <= FRESH) return "fresh";
    return age <= this.#options.maxStaleness ? "aging" : "stale";
  }

  /** Reads to the end once, what was published before the call included. Rejects with the store's error. */
  async catchUp(): Promise<void> {
    // A read under way may have passed the place where the caller's entry stands.
    if (this.#reading !== null) await this.#reading.catch(() => {});
    await this.#readToEnd();
  }

  /** Follows until `stop`; resolves when the first read has ended, well or not. */
  async start(): Promise<void> {
    await this.#readToEnd().catch(() => {});
    this.#following = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    let pause = this.#options.interval;
    while (!signal.aborted) {
      await this.#options.wait(pause, signal);
      if (signal.aborted) return;
      pause = await this.#readToEnd().then(
        () => this.#options.interval,
        () => PAUSE_AFTER_FAILURE,
      );
    }
  }

  #readToEnd(): Promise<void> {
    this.#reading ??= this.#readPages().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readPages(): Promise<void> {
    const { view, read, monotonic, onKeyRevoked } = this.#options;
    for (;;) {
      const began = monotonic();
      const page = await read(this.#cursor, PAGE);
      const epochs = page.state.map(({ epoch }) => epoch).join(" ");
      if (this.#cursor !== null && epochs !== this.#epochs) {
        // Another history: what was read does not count, and nothing passes until this one has been read from its start.
        this.#cursor = null;
        this.#endReadAt = null;
        this.#epochs = epochs;
        continue;
      }
      this.#epochs = epochs;
      for (const entry of page.entries) view.apply(entry);
      if (page.entries.some(({ target }) => target.kind === "key")) await onKeyRevoked();
      this.#cursor = page.cursor;
      if (!page.end) continue;
      view.trim(page.now);
      this.#endReadAt = began;
      return;
    }
  }
}
