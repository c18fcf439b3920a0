import type { FeedCursor, FeedPage } from "./feed.ts";
import { type HistoryBreak, type RepairOptions, repairHistory } from "./repair.ts";

const PAGE = 1000;
/** A view that has read to the end within this many milliseconds is fresh (DESIGN section 5). */
const FRESH = 1000;
const PAUSE_AFTER_FAILURE = 250;

/** Nothing passes while it is catching up or while the store's history, found to be another, is being repaired. */
export type ViewState = "catching_up" | HistoryBreak["cause"] | "fresh" | "aging" | "stale";

export interface FollowerOptions extends Omit<RepairOptions, "read"> {
  /** `wait`: milliseconds that the read may wait for an entry to come. */
  readonly read: (after: FeedCursor | null, limit: number, wait: number) => Promise<FeedPage>;
  /**
   * Makes a revoked key sign no more. An entry counts as read when this has resolved; it is read again when this rejects.
   */
  readonly onKeyRevoked: () => Promise<void>;
  /** Entries were read, the oldest of them so many milliseconds after it had been published. */
  readonly onRead: (entries: number, lag: number) => void;
  /** The store's history is not the one that was followed. */
  readonly onBroken: (cause: HistoryBreak["cause"]) => void;
  /** It has been repaired; `restored` entries were written back. The repair is done over when this rejects. */
  readonly onRepaired: (cause: HistoryBreak["cause"], restored: number) => Promise<void>;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Resolves after so many milliseconds, or when `signal` is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds between two reads. */
  readonly interval: number;
  /** Milliseconds that a read may wait in the store for an entry to come; 0 where the store cannot tell. */
  readonly readWait: number;
  /** Milliseconds after which a view that could not be read is stale. */
  readonly maxStaleness: number;
}

/** Keeps a view in step with the feed: reads to the end, then waits for more, in the store or by asking again at every interval. */
export class FeedFollower {
  readonly #options: FollowerOptions;
  readonly #stopped = new AbortController();
  #cursor: FeedCursor | null = null;
  /** The history that the view was read from; null before the first read. */
  #history: { readonly epochs: readonly string[]; readonly seen: number } | null = null;
  #broken: HistoryBreak | null = null;
  /** When the end of the feed was last known to be reached; null until the view has caught up. */
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
    if (this.#broken !== null) return this.#broken.cause;
    const { age } = this;
    if (age === null) return "catching_up";
    if (age <= FRESH) return "fresh";
    return age <= this.#options.maxStaleness ? "aging" : "stale";
  }

  /** Milliseconds since the end of the feed was known to be reached; null until the view has caught up. */
  get age(): number | null {
    return this.#endReadAt === null ? null : this.#options.monotonic() - this.#endReadAt;
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

  /** A read that waits in the store ends by itself; what it brings is no longer wanted. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await (this.#options.readWait > 0 ? this.#reading?.catch(() => {}) : this.#following);
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    let pause = this.#options.interval;
    while (!signal.aborted) {
      if (pause > 0) await this.#options.wait(pause, signal);
      if (signal.aborted) return;
      pause = await this.#readOn().then(
        () => this.#options.interval,
        () => PAUSE_AFTER_FAILURE,
      );
    }
  }

  /** A read that waits holds up nobody who wants to read to the end now. */
  async #readOn(): Promise<void> {
    const { readWait } = this.#options;
    if (readWait === 0 || this.#endReadAt === null) return this.#readToEnd();
    await this.#readPage(this.#cursor, readWait);
  }

  #readToEnd(): Promise<void> {
    this.#reading ??= this.#readPages().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readPages(): Promise<void> {
    for (;;) {
      if (this.#broken !== null) await this.#repair(this.#broken);
      const page = await this.#readPage(this.#cursor, 0);
      if (page.end && this.#broken === null) return;
    }
  }

  async #readPage(after: FeedCursor | null, wait: number): Promise<FeedPage> {
    const { view, read, monotonic, onKeyRevoked } = this.#options;
    const began = monotonic();
    const page = await read(after, PAGE, wait);
    if (wait > 0 && this.#stopped.signal.aborted) return page;
    const broken = this.#breakIn(page);
    if (broken !== null) {
      this.#break(broken);
      return page;
    }
    for (const entry of page.entries) view.apply(entry);
    this.#tell(page);
    if (page.entries.some(({ target }) => target.kind === "key")) await onKeyRevoked();
    // Somebody may have read on meanwhile, or found the history broken.
    if (this.#cursor === after && this.#broken === null) this.#adopt(page, began);
    return page;
  }

  #adopt(page: FeedPage, began: number): void {
    this.#cursor = page.cursor;
    this.#history = { epochs: page.state.map(({ epoch }) => epoch), seen: page.now };
    if (!page.end) return;
    this.#options.view.trim(page.now);
    this.#endReadAt = began + page.waited;
  }

  #tell(page: FeedPage): void {
    const [oldest] = page.entries;
    if (oldest !== undefined) this.#options.onRead(page.entries.length, Math.max(0, page.now - oldest.at));
  }

  #breakIn(page: FeedPage): HistoryBreak | null {
    const history = this.#history;
    if (history === null) return null;
    if (page.state.some(({ epoch }, partition) => epoch !== history.epochs[partition])) {
      return { cause: "epoch_mismatch", from: history.epochs, seen: history.seen };
    }
    return page.continues ? null : { cause: "rolled_back" };
  }

  #break(broken: HistoryBreak): void {
    if (this.#broken !== null) return;
    this.#broken = broken;
    this.#endReadAt = null;
    this.#options.onBroken(broken.cause);
  }

  async #repair(broken: HistoryBreak): Promise<void> {
    const { read, monotonic, onRepaired } = this.#options;
    const began = monotonic();
    const { page, restored } = await repairHistory(
      { ...this.#options, read: (after, limit) => read(after, limit, 0) },
      broken,
    );
    await onRepaired(broken.cause, restored);
    this.#broken = null;
    this.#adopt(page, began);
  }
}
