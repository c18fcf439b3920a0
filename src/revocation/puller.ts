import type { RevocationEntry } from "./entry.ts";
import type { FeedCursor, FeedPage, FollowedHistory } from "./feed.ts";
import type { Follower, FollowerOptions, ViewState } from "./follower.ts";
import { breakIn, historyOf, stateAt, type ViewHistory } from "./history.ts";
import { type HistoryBreak, repairHistory } from "./repair.ts";

const PAGE = 1000;
/** It holds them itself again when there are fewer than this part of what it may hold. */
const ROOM = 0.75;

/** `soon`: while the request is served. `first`: before it is. */
export type PullNeed = "none" | "soon" | "first";

export interface PullerOptions extends FollowerOptions {
  /** Milliseconds after which a view is not served from before it was pulled. */
  readonly bound: number;
  /** Entries that are held at most. With more of them it is crowded, holds none, and each token is asked about where all are held. */
  readonly capacity: number;
}

/** What is told where all entries are held. */
export interface Verdict {
  readonly refused: boolean;
  /** How many entries are live there, about. */
  readonly live: number;
  /** The feed's end when it was asked. */
  readonly cursor: FeedCursor;
}

/**
 * Keeps a view in step with the feed where nothing runs between requests: whoever needs a newer view pulls it. Every caller makes its own
 * reads and waits for no other's: what one request waits for may end with it. Reads that overlap do no harm, because entries are applied
 * in any order and any number of times.
 */
export class FeedPuller implements Follower {
  readonly #options: PullerOptions;
  #cursor: FeedCursor | null = null;
  #history: ViewHistory | null = null;
  #broken: HistoryBreak | null = null;
  /** When the newest read to the end began; null until the view has caught up. */
  #endReadAt: number | null = null;
  /** When the newest read to the end began that moved the cursor: all up to there has been told of. */
  #toldAt: number | null = null;
  /** When the last pull began, and when the last one failed. */
  #pulledAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** While it is crowded: the newest end of the feed that a verdict knew of. */
  #known: FeedCursor | null = null;

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** Whether there are more entries than it may hold: nothing is known here, and each token has to be asked about. */
  get crowded(): boolean {
    return this.#known !== null;
  }

  /** To be told of every verdict: when there is room again, the view is read anew. */
  told({ live, cursor }: Verdict): void {
    if (this.#known === null) return;
    this.#known = live > this.#options.capacity * ROOM ? cursor : null;
  }

  get cursor(): FeedCursor | null {
    return this.#known ?? this.#cursor;
  }

  /** Up to where all entries have been told of, and in which history; null: that is not known, or nothing is held here. */
  get position(): FollowedHistory | null {
    if (this.#history === null || this.#cursor === null || this.#broken !== null) return null;
    return { epochs: this.#history.epochs, cursor: this.#cursor };
  }

  /** Milliseconds since `position` was known to be the feed's end; null until it was. */
  get positionAge(): number | null {
    return this.position === null || this.#toldAt === null ? null : this.#options.monotonic() - this.#toldAt;
  }

  get age(): number | null {
    if (this.crowded) return 0;
    return this.#endReadAt === null ? null : this.#options.monotonic() - this.#endReadAt;
  }

  get state(): ViewState {
    return this.#broken?.cause ?? stateAt(this.age, this.#options.maxStaleness);
  }

  /** What a request that comes now asks for. Past the bound, only a pull that failed lets it be served from an older view. */
  get need(): PullNeed {
    const { bound, monotonic } = this.#options;
    const { age } = this;
    if (age === null || this.#broken !== null) return "first";
    if (age <= bound / 2) return "none";
    const now = monotonic();
    // Of many requests one is enough; it may have ended before its pull did.
    const underWay = now - this.#pulledAt < bound / 2;
    if (age <= bound || now - this.#failedAt < bound) return underWay ? "none" : "soon";
    return "first";
  }

  async catchUp(): Promise<void> {
    this.#pulledAt = this.#options.monotonic();
    const before = this.cursor;
    try {
      for (let end = this.crowded; !end; ) end = await this.#step();
      const { cursor } = this;
      if (cursor !== null && cursor.join() !== before?.join()) await this.#options.receipt(cursor);
    } catch (error) {
      this.#failedAt = this.#options.monotonic();
      throw error;
    }
  }

  start(): Promise<void> {
    return this.catchUp().catch(() => {});
  }

  async stop(): Promise<void> {}

  /** Repairs or reads a page; resolves with whether that was the end. */
  async #step(): Promise<boolean> {
    if (this.#broken !== null) {
      await this.#repair(this.#broken);
      return false;
    }
    const after = this.#cursor;
    const began = this.#options.monotonic();
    const page = await this.#options.read(after, PAGE);
    const broken = breakIn(this.#history, page);
    if (broken !== null) {
      this.#break(broken);
      return false;
    }
    await this.#apply(page);
    // Found broken by another meanwhile: what was read belongs to the history before.
    if (this.#broken !== null) return false;
    if (this.#options.view.size > this.#options.capacity) {
      this.#leaveToOthers(page.cursor);
      return true;
    }
    if (this.#cursor === after) {
      this.#adopt(page, began);
      this.#tell(page.entries);
    }
    // Read from a place where the view stood, to the end: complete, whoever moved the cursor since.
    if (page.end) this.#complete(page, began);
    return page.end;
  }

  #leaveToOthers(cursor: FeedCursor): void {
    this.#options.view.clear();
    this.#known = cursor;
    this.#cursor = null;
    this.#endReadAt = null;
    this.#toldAt = null;
  }

  async #apply({ entries, now }: FeedPage): Promise<void> {
    const { view, onApplied, onRead, onKeyRevoked } = this.#options;
    for (const entry of entries) view.apply(entry);
    if (entries.length > 0) onApplied();
    const [oldest] = entries;
    if (oldest !== undefined) onRead(entries.length, Math.max(0, now - oldest.at));
    if (entries.some(({ target }) => target.kind === "key")) await onKeyRevoked();
  }

  #adopt(page: FeedPage, began: number): void {
    this.#cursor = page.cursor;
    this.#history = historyOf(page, began);
    if (page.end) this.#toldAt = began;
    this.#options.follows({ epochs: this.#history.epochs, cursor: page.cursor });
  }

  /** Of what several have read at once, only the one is told that the cursor went on by. */
  #tell(entries: readonly RevocationEntry[]): void {
    const { position } = this;
    if (entries.length > 0 && position !== null) this.#options.onAdvanced(entries, position);
  }

  #complete(page: FeedPage, began: number): void {
    this.#options.view.trim(page.now);
    this.#endReadAt = Math.max(this.#endReadAt ?? began, began);
  }

  #break(broken: HistoryBreak): void {
    if (this.#broken?.cause === broken.cause) return;
    this.#broken = broken;
    this.#endReadAt = null;
    this.#toldAt = null;
    this.#options.onBroken(broken.cause);
  }

  async #repair(known: HistoryBreak): Promise<void> {
    const { monotonic, onRepaired, read } = this.#options;
    const began = monotonic();
    const first = await read(null, PAGE);
    // Another request may have been quicker, here and below; repaired twice is repaired.
    if (this.#broken === null) return;
    this.#break(breakIn(this.#history, first) ?? known);
    const broken = this.#broken;
    const { page, restored } = await repairHistory(this.#options, broken, first);
    if (this.#broken !== broken) return;
    await onRepaired(broken.cause, restored);
    this.#broken = null;
    this.#adopt(page, began);
  }
}
