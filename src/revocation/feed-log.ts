import type { RevocationEntry } from "./entry.ts";
import type { FollowedHistory } from "./feed.ts";
import { type FeedPlace, reaches } from "./feed-place.ts";

/** Entries that came together. */
export interface LoggedBatch {
  readonly entries: readonly RevocationEntry[];
  /** Everything up to here is in this batch and those before it. */
  readonly place: FeedPlace;
}

/** Entries at most: more than come in the time for which a follower is away. */
const MAX_ENTRIES = 10_000;

/** The newest entries in the order of their coming, for followers of this gateway. Batches are numbered from 0, in each life of the log. */
export class FeedLog {
  readonly #maxEntries: number;
  #batches: LoggedBatch[] = [];
  /** Number of the first batch that is still held. */
  #first = 0;
  #entries = 0;
  #newest = 0;
  /** What lies before the first batch that is held: nothing, all up to a place, or what nobody can tell. */
  #before: FeedPlace | "nothing" | "unknown" = "nothing";

  constructor(maxEntries: number = MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  /** Number that the next batch will have. */
  get next(): number {
    return this.#first + this.#batches.length;
  }

  append(entries: readonly RevocationEntry[], position: FollowedHistory): void {
    this.#newest = entries.reduce((newest, { at }) => Math.max(newest, at), this.#newest);
    this.#batches.push({ entries, place: this.placeAt(position) });
    this.#entries += entries.length;
    while (this.#entries > this.#maxEntries) this.#drop();
  }

  /** The batch with that number; undefined where it has been dropped or is still to come. */
  batch(number: number): LoggedBatch | undefined {
    return this.#batches[number - this.#first];
  }

  placeAt({ epochs, cursor }: FollowedHistory): FeedPlace {
    return { epochs, cursor, newest: this.#newest };
  }

  /** Number of the first batch that a follower at `place` lacks, of those up to `end`; null where that cannot be told from the log. */
  resumeAt(place: FeedPlace, end: FeedPlace): number | null {
    // Ahead of this gateway: maybe of a faster one, maybe of a history that the store has lost.
    if (!reaches(end, place)) return null;
    const floor = this.#before === "unknown" ? (this.#batches[0]?.place ?? "unknown") : this.#before;
    if (floor === "unknown" || (floor !== "nothing" && !reaches(place, floor))) return null;
    const lacking = this.#batches.findIndex((batch) => !reaches(place, batch.place));
    return lacking < 0 ? this.next : this.#first + lacking;
  }

  /** Forgets all: the store has another history, of which only what comes from now on will be known. */
  restart(): void {
    this.#first = this.next;
    this.#batches = [];
    this.#entries = 0;
    this.#before = "unknown";
  }

  #drop(): void {
    const dropped = this.#batches.shift();
    if (dropped === undefined) return;
    this.#first++;
    this.#entries -= dropped.entries.length;
    this.#before = dropped.place;
  }
}
