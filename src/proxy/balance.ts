import type { Balance } from "./upstream.ts";

/** One target as the choice sees it. */
export interface Candidate {
  /** Requests that it has not answered yet, and WebSockets. */
  outstanding: number;
  /** Neither ejected nor found unhealthy. */
  available: boolean;
  /** When it came back, by the monotonic clock; null once it takes its full share. */
  warmingSince: number | null;
  /** Its claim to a turn, while it takes a part of its turns only. */
  credit: number;
}

export interface BalancerOptions<T> {
  readonly targets: readonly T[];
  readonly balance: Balance;
  /** What each target may have outstanding. */
  readonly maxConnections: number;
  /** Milliseconds until a target that came back takes its full share. */
  readonly slowStart: number;
  /** Milliseconds that never go back; asked only while some target is coming back. */
  readonly monotonic: () => number;
}

/** The share of its turns that a target takes at the moment of its return. */
const FIRST_SHARE = 0.1;

/** Chooses a target for each request. Nothing is allocated, and where there is one target only, nothing is compared. */
export class Balancer<T extends Candidate> {
  readonly #options: BalancerOptions<T>;
  readonly #only: T | null;
  #next = 0;

  constructor(options: BalancerOptions<T>) {
    this.#options = options;
    const [first = null] = options.targets;
    this.#only = options.targets.length === 1 ? first : null;
  }

  /**
   * Null: every target that may be asked is full. `except` has just failed this request and is asked again only where no other one
   * is available. Where none is available at all, every one may be asked: the gateway may be wrong about them, and refusing helps nobody.
   */
  choose(except: T | null): T | null {
    const { targets, maxConnections } = this.#options;
    if (this.#only !== null) return this.#only.outstanding < maxConnections ? this.#only : null;
    let others = false;
    for (const target of targets) others ||= target.available && target !== except;
    if (others) return this.#among(except, false);
    if (except?.available === true) return except.outstanding < maxConnections ? except : null;
    return this.#among(except, true);
  }

  #among(except: T | null, unavailableToo: boolean): T | null {
    const { targets, balance, maxConnections } = this.#options;
    const count = targets.length;
    const start = this.#next;
    let best: T | null = null;
    let held: T | null = null;
    for (let offset = 0; offset < count; offset++) {
      const at = (start + offset) % count;
      const target = targets[at] as T;
      if (target === except || target.outstanding >= maxConnections) continue;
      if (!target.available && !unavailableToo) continue;
      if (target.warmingSince !== null && !this.#hasTurn(target, target.warmingSince)) {
        held ??= target;
        continue;
      }
      if (balance === "round-robin") {
        this.#next = (at + 1) % count;
        target.credit = 0;
        return target;
      }
      if (best === null || target.outstanding < best.outstanding) best = target;
    }
    // Among equals the turn goes round.
    this.#next = (start + 1) % count;
    const chosen = best ?? held;
    if (chosen !== null) chosen.credit = 0;
    return chosen;
  }

  #hasTurn(target: T, since: number): boolean {
    const { slowStart, monotonic, balance, targets } = this.#options;
    const elapsed = monotonic() - since;
    if (elapsed >= slowStart) {
      target.warmingSince = null;
      return true;
    }
    // In turn it is looked at once a round, else for each request.
    const looks = balance === "round-robin" ? 1 : targets.length;
    target.credit += Math.max(FIRST_SHARE, elapsed / slowStart) / looks;
    return target.credit >= 1;
  }
}
