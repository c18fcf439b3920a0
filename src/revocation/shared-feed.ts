import type { RevocationEntry } from "./entry.ts";
import type { FeedCursor, FeedPage } from "./feed.ts";
import { epochsOf, sameEpochs } from "./repair.ts";

const PAGE = 1000;
/** Entries, and places where readers may stand, that are kept: who stands further back reads for itself. */
const KEEP = 10_000;

export type ReadFeed = (after: FeedCursor | null, limit: number) => Promise<FeedPage>;

/**
 * Serves many readers of one feed by reads of its own, however many ask: who asks while one is under way is answered by the next, because
 * that one may have missed what this reader must see. Who comes from nowhere, or stands too far back, reads for itself, and so does
 * everybody while the history is not the one that is known here.
 */
export class SharedFeed {
  readonly #read: ReadFeed;
  /** The last page that was read to the end; null: not known. */
  #head: FeedPage | null = null;
  #entries: RevocationEntry[] = [];
  /** How many entries have been kept no longer. */
  #forgotten = 0;
  /** By a cursor: the number of the first entry behind it. */
  readonly #places = new Map<string, number>();
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(read: ReadFeed) {
    this.#read = read;
  }

  async read(after: FeedCursor | null, limit: number): Promise<FeedPage> {
    if (after !== null && this.#head !== null) {
      await this.#pulledFromNow();
      const page = this.#pageAfter(after, limit);
      if (page !== null) return page;
    }
    const page = await this.#read(after, limit);
    if (this.#head === null && page.end && page.continues) this.#begin(page);
    return page;
  }

  #pageAfter(after: FeedCursor, limit: number): FeedPage | null {
    const place = this.#places.get(after.join());
    if (this.#head === null || place === undefined || place < this.#forgotten) return null;
    const entries = this.#entries.slice(place - this.#forgotten);
    return entries.length > limit ? null : { ...this.#head, entries };
  }

  #pulledFromNow(): Promise<void> {
    if (this.#running === null) return this.#start();
    const start = () => this.#start();
    this.#next ??= this.#running.then(start, start);
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = null;
    this.#running = this.#pull().finally(() => {
      if (this.#next === null) this.#running = null;
    });
    return this.#running;
  }

  async #pull(): Promise<void> {
    for (let head = this.#head; head !== null; ) {
      const page = await this.#read(head.cursor, PAGE);
      if (!page.continues || !sameEpochs(epochsOf(page), epochsOf(head))) {
        this.#head = null;
        return;
      }
      this.#entries.push(...page.entries);
      this.#keep(page);
      head = page.end ? null : page;
    }
  }

  #begin(page: FeedPage): void {
    this.#forgotten += this.#entries.length;
    this.#entries = [];
    this.#places.clear();
    this.#keep(page);
  }

  #keep(page: FeedPage): void {
    this.#head = page;
    const surplus = this.#entries.length - KEEP;
    if (surplus > 0) {
      this.#entries = this.#entries.slice(surplus);
      this.#forgotten += surplus;
    }
    this.#places.set(page.cursor.join(), this.#forgotten + this.#entries.length);
    const [oldest] = this.#places.keys();
    if (this.#places.size > KEEP && oldest !== undefined) this.#places.delete(oldest);
  }
}
