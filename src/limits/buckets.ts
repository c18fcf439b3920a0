/** A time that is shorter than this, in milliseconds, comes of adding fractions. */
const ROUNDING = 1e-3;
/** Of all buckets, the part that stays when there are too many. */
const KEPT = 7 / 8;

export interface BucketRules {
  /** Requests that a bucket gets back in each `window` of milliseconds. */
  readonly requests: number;
  readonly window: number;
  /** Requests that it holds when it is full. */
  readonly burst: number;
  /** Buckets that are kept at the most. */
  readonly capacity: number;
}

/**
 * Token buckets by key, as GCRA (ITU-T I.371): one number for each, the time at which it will be full again. A full one is not kept.
 * Where there are too many, those go that have the least to forget: to have one refilled that is empty, somebody would have to empty
 * nearly `capacity` others. `now`: milliseconds that never go back.
 */
export class Buckets {
  capacity: number;
  readonly #interval: number;
  readonly #depth: number;
  readonly #fullAt = new Map<string, number>();

  constructor({ requests, window, burst, capacity }: BucketRules) {
    this.capacity = capacity;
    this.#interval = window / requests;
    this.#depth = burst * this.#interval;
  }

  get size(): number {
    return this.#fullAt.size;
  }

  /** Milliseconds until a request may be taken; 0: now. */
  wait(key: string, now: number): number {
    const fullAt = this.#fullAt.get(key);
    if (fullAt === undefined) return 0;
    const wait = fullAt + this.#interval - this.#depth - now;
    return wait > ROUNDING ? wait : 0;
  }

  /** Takes a request, whether or not there is one. */
  take(key: string, now: number): void {
    const fullAt = this.#fullAt.get(key);
    if (fullAt === undefined && this.#fullAt.size >= this.capacity) this.#makeRoom(now);
    this.#fullAt.set(key, Math.max(fullAt ?? now, now) + this.#interval);
  }

  #makeRoom(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
    let excess = this.#fullAt.size - Math.floor(this.capacity * KEPT);
    if (excess <= 0) return;
    const last = Float64Array.from(this.#fullAt.values()).sort()[excess - 1] as number;
    for (const [key, fullAt] of this.#fullAt) {
      if (fullAt > last) continue;
      this.#fullAt.delete(key);
      excess--;
      if (excess === 0) return;
    }
  }
}
