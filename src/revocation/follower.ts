import type { RevocationEntry } from "./entry.ts";
import type { FeedCursor, FeedNews, FeedPage, FollowedHistory } from "./feed.ts";
import { breakIn, historyOf, stateAt, type ViewHistory } from "./history.ts";
import { type HistoryBreak, type RepairOptions, repairHistory } from "./repair.ts";

const PAGE = 1000;
const PAUSE_AFTER_FAILURE = 250;
/** While it cannot be waited for entries, they are read as often. */
const PAUSE_WITHOUT_NEWS = 50;

/** Nothing passes while it is catching up or while the store's history, found to be another, is being repaired. */
export type ViewState = "catching_up" | HistoryBreak["cause"] | "fresh" | "aging" | "stale";

/** What keeps a view in step with the feed, as the rest of a gateway sees it. */
export interface Follower {
  /** How far the view has been read; null before the first read. */
  readonly cursor: FeedCursor | null;
  /** Up to where the view is complete, and in which history; null before the first read, and where nobody may follow from there. */
  readonly position: FollowedHistory | null;
  readonly state: ViewState;
  /** Milliseconds since the view was known to be complete; null until it has caught up. */
  readonly age: number | null;
  /** Reads to the end once, what was published before the call included. Rejects with the store's error. */
  catchUp(): Promise<void>;
  /** Resolves when the first read has ended, well or not. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface FollowerOptions extends RepairOptions {
  /** Waits for entries, so many milliseconds at most; null: none came. */
  readonly news: (after: FeedCursor, limit: number, milliseconds: number) => Promise<FeedNews | null>;
  /** Tells the store how far the view has been read. Rejects where the store does not take it. */
  readonly receipt: (cursor: FeedCursor) => Promise<void>;
  /**
   * Makes a revoked key sign no more. An entry counts as read when this has resolved; it is read again when this rejects.
   */
  readonly onKeyRevoked: () => Promise<void>;
  /** Entries have come into the view. */
  readonly onApplied: () => void;
  /** Entries were read, the oldest of them so many milliseconds after it had been published. */
  readonly onRead: (entries: number, lag: number) => void;
  /** Entries are in the view, and the position stands behind them. */
  readonly onAdvanced: (entries: readonly RevocationEntry[], position: FollowedHistory) => void;
  /** The store's history is not the one that was followed. */
  readonly onBroken: (cause: HistoryBreak["cause"]) => void;
  /** It has been repaired; `restored` entries were written back. The repair is done over when this rejects. */
  readonly onRepaired: (cause: HistoryBreak["cause"], restored: number) => Promise<void>;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Resolves after so many milliseconds, or when `signal` is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** Milliseconds between two reads to the end, in which entries are waited for; 0 where the store cannot tell when one comes. */
  readonly readWait: number;
  /** Milliseconds after which a view that could not be read is stale. */
  readonly maxStaleness: number;
}

/**
 * Keeps a view in step with the feed: reads to the end, then waits for more, in the store or by asking again at every interval. What
 * comes while it waits is applied at once and proves nothing; reads to the end, each with a receipt, make the view fresh and compare
 * histories.
 */
export class FeedFollower implements Follower {
  readonly #options: FollowerOptions;
  readonly #stopped = new AbortController();
  #cursor: FeedCursor | null = null;
  /** The history that the view was read from; null before the first read. */
  #history: ViewHistory | null = null;
  #broken: HistoryBreak | null = null;
  /** When the last read to the end began whose receipt the store took; null until the view has caught up. */
  #endReadAt: number | null = null;
  #receiptTaken = false;
  #reading: Promise<void> | null = null;
  #following: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  get cursor(): FeedCursor | null {
    return this.#cursor;
  }

  /** Up to where the view is complete, and in which history; null before the first read. */
  get position(): FollowedHistory | null {
    return this.#history === null || this.#cursor === null
      ? null
      : { epochs: this.#history.epochs, cursor: this.#cursor };
  }

  get state(): ViewState {
    return this.#broken?.cause ?? stateAt(this.age, this.#options.maxStaleness);
  }

  /** Milliseconds since the view was known to be complete; null until it has caught up. */
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

  /** What is waited for in the store is no longer wanted when it comes. */
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
      pause = await this.#readOn().catch(() => PAUSE_AFTER_FAILURE);
    }
  }

  /** Resolves with the milliseconds until it is to go on. */
  async #readOn(): Promise<number> {
    const { interval, readWait, monotonic } = this.#options;
    const left = this.#endReadAt === null ? 0 : this.#endReadAt + readWait - monotonic();
    if (left > 0 && this.#cursor !== null) {
      const came = await this.#awaitNews(this.#cursor, left);
      if (came || this.#stopped.signal.aborted) return interval;
    }
    await this.#readToEnd();
    return this.#receiptTaken ? interval : PAUSE_AFTER_FAILURE;
  }

  /** Holds up nobody who wants to read to the end now. Resolves with whether anything came. */
  async #awaitNews(after: FeedCursor, milliseconds: number): Promise<boolean> {
    const { news, wait, monotonic } = this.#options;
    const { signal } = this.#stopped;
    try {
      const found = await news(after, PAGE, milliseconds);
      if (found === null || signal.aborted) return false;
      const { seen, seenAt } = this.#history ?? { seen: 0, seenAt: 0 };
      const now = seen + monotonic() - seenAt;
      await this.#apply(found.entries);
      if (this.#standsAt(after)) {
        this.#moveTo(found.cursor);
        this.#tell(found.entries, now);
      }
      return true;
    } catch {
      await wait(PAUSE_WITHOUT_NEWS, signal);
      return false;
    }
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
      const page = await this.#readPage(this.#cursor);
      if (page.end && this.#broken === null) return;
    }
  }

  async #readPage(after: FeedCursor | null): Promise<FeedPage> {
    const { read, receipt, monotonic } = this.#options;
    const began = monotonic();
    const taken = receipt(after ?? []).then(
      () => true,
      () => false,
    );
    const page = await read(after, PAGE);
    this.#receiptTaken = await taken;
    const broken = breakIn(this.#history, page);
    if (broken !== null) {
      this.#break(broken);
      return page;
    }
    await this.#apply(page.entries);
    if (this.#standsAt(after)) {
      this.#adopt(page, began);
      this.#tell(page.entries, page.now);
    }
    return page;
  }

  async #apply(entries: readonly RevocationEntry[]): Promise<void> {
    const { view, onApplied, onKeyRevoked } = this.#options;
    for (const entry of entries) view.apply(entry);
    if (entries.length > 0) onApplied();
    if (entries.some(({ target }) => target.kind === "key")) await onKeyRevoked();
  }

  /** Somebody may have read on meanwhile, or found the history broken. */
  #standsAt(cursor: FeedCursor | null): boolean {
    return this.#cursor === cursor && this.#broken === null;
  }

  /** Of what two have read at once, only the one is told that the view went on from. */
  #tell(entries: readonly RevocationEntry[], storeTime: number): void {
    const [oldest] = entries;
    if (oldest === undefined) return;
    this.#options.onRead(entries.length, Math.max(0, storeTime - oldest.at));
    const { position } = this;
    if (position !== null) this.#options.onAdvanced(entries, position);
  }

  #adopt(page: FeedPage, began: number): void {
    this.#history = historyOf(page, began);
    this.#moveTo(page.cursor);
    if (!page.end) return;
    this.#options.view.trim(page.now);
    if (this.#receiptTaken) this.#endReadAt = began;
  }

  #moveTo(cursor: FeedCursor): void {
    this.#cursor = cursor;
    if (this.#history !== null) this.#options.follows({ epochs: this.#history.epochs, cursor });
  }

  /** What was rolled back may be found wiped when it is looked at again. */
  #break(broken: HistoryBreak): void {
    if (this.#broken?.cause === broken.cause) return;
    this.#broken = broken;
    this.#endReadAt = null;
    this.#options.onBroken(broken.cause);
  }

  async #repair(known: HistoryBreak): Promise<void> {
    const { monotonic, onRepaired, read } = this.#options;
    const began = monotonic();
    const first = await read(null, PAGE);
    const broken = breakIn(this.#history, first) ?? known;
    this.#break(broken);
    const { page, restored } = await repairHistory(this.#options, broken, first).finally(this.#options.onApplied);
    await onRepaired(broken.cause, restored);
    this.#broken = null;
    // Read on from there, with a receipt.
    this.#receiptTaken = false;
    this.#adopt(page, began);
  }
}
