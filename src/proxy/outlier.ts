import type { EjectionRules } from "./upstream.ts";

/** What one target's answers say about it (passive health). Times are in milliseconds, `now` by a clock that never goes back. */
export class Outlier {
  readonly #rules: EjectionRules;
  #failures = 0;
  /** How often it has been left out without having been well for long. */
  #times = 0;
  #until = Number.NEGATIVE_INFINITY;

  constructor(rules: EjectionRules) {
    this.#rules = rules;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** A failure of the target's own: whether there have been enough of them in a row. */
  failed(): boolean {
    this.#failures++;
    return this.#failures >= this.#rules.failures;
  }

  /** Leaves the target out; answers for how long. When it is back, one failure is enough until it has succeeded. */
  eject(now: number): number {
    const { failures, time, maxTime } = this.#rules;
    if (now - this.#until >= maxTime) this.#times = 0;
    const length = Math.min(time * 2 ** this.#times, maxTime);
    this.#times++;
    this.#until = now + length;
    this.#failures = failures - 1;
    return length;
  }
}
