import type { HealthRules } from "./upstream.ts";

/** What a target's answers to probes say about it (active health). It is believed to be well until they say otherwise. */
export class ProbedHealth {
  readonly #rules: Pick<HealthRules, "healthy" | "unhealthy">;
  #healthy = true;
  /** Answers in a row that contradict what is believed. */
  #against = 0;

  constructor(rules: Pick<HealthRules, "healthy" | "unhealthy">) {
    this.#rules = rules;
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  /** Whether what is believed has changed with this answer. */
  answered(well: boolean): boolean {
    if (well === this.#healthy) {
      this.#against = 0;
      return false;
    }
    this.#against++;
    if (this.#against < (well ? this.#rules.healthy : this.#rules.unhealthy)) return false;
    this.#against = 0;
    this.#healthy = well;
    return true;
  }
}
