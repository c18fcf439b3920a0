import type { SignatureCheck, VerifyKey } from "../keys/key-ring.ts";
import type { Fetch } from "./fetch.ts";
import { fetchKeySet, KEY_SET_TIMEOUT } from "./key-set.ts";

/** Milliseconds between two fetches that unknown kids, or failures, ask for. */
const COOL_DOWN = 5_000;
/** Milliseconds after which keys are fetched again beside the work: a key that was revoked goes within that time. */
const REFRESH_AFTER = 60_000;

/** Milliseconds after which nobody waits for a fetch any more: it has ended by then, or will not. */
const PATIENCE = KEY_SET_TIMEOUT + 1_000;

const timeIsOver = (): Promise<void> =>
  new Promise((resolve) => AbortSignal.timeout(PATIENCE).addEventListener("abort", () => resolve()));

export interface RemoteKeysOptions {
  readonly url: string;
  readonly fetch: Fetch;
  readonly signature: SignatureCheck;
  /** Milliseconds for which the keys of the last fetch that succeeded are good. */
  readonly maxStale: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The gateway's keys, as last fetched. */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions;
  #keys: ReadonlyMap<string, VerifyKey> = new Map();
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
  }

  /** The key, or null where it is unknown or the keys are too old. */
  find(kid: string): VerifyKey | null {
    const age = this.#since(this.#fetchedAt);
    if (age > this.#options.maxStale) return null;
    if (age > REFRESH_AFTER && this.#mayFetch()) void this.#fetch();
    return this.#keys.get(kid) ?? null;
  }

  /**
   * Fetches the keys for a kid that is unknown, unless that has just been done. True when the set that is held then is the gateway's of
   * now: a key that is not in it does not exist. Never rejects.
   */
  async look(): Promise<boolean> {
    if (this.#fetching !== null || this.#mayFetch()) await Promise.race([this.#fetch(), timeIsOver()]);
    return this.#fetchedAt >= this.#triedAt && this.#since(this.#fetchedAt) <= this.#options.maxStale;
  }

  #mayFetch(): boolean {
    return this.#since(this.#triedAt) >= COOL_DOWN;
  }

  /** A clock that was set back must not hold up anything. */
  #since(time: number): number {
    return Math.abs(this.#options.now() - time);
  }

  /** One at a time, whoever asks. On Workers it never ends if the request that it was begun for does: then another one is made. */
  #fetch(): Promise<void> {
    if (this.#fetching !== null && this.#since(this.#triedAt) < PATIENCE) return this.#fetching;
    const fetching = this.#fetchOnce().finally(() => {
      if (this.#fetching === fetching) this.#fetching = null;
    });
    this.#fetching = fetching;
    return fetching;
  }

  async #fetchOnce(): Promise<void> {
    const { url, fetch, signature, now } = this.#options;
    this.#triedAt = now();
    try {
      this.#keys = await fetchKeySet(url, fetch, signature, this.#keys);
      this.#fetchedAt = this.#triedAt;
    } catch {
      // The last good keys serve on; why it failed is for whoever runs the gateway to see.
    }
  }
}
