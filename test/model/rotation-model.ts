/**
 * What must hold of one session's refresh tokens (docs/sessions.md), written down a second time and without a store: the property
 * test holds the real gateway against it. Times are milliseconds.
 */
export const GRACE = 15_000;
export const IDLE = 14 * 86_400_000;
export const ABSOLUTE = 90 * 86_400_000;

export type Expected =
  | {
      readonly status: 200;
      readonly outcome: "rotated" | "kept" | "replayed" | "rolled_forward";
      readonly generation: number;
    }
  | { readonly status: 401; readonly outcome: string; readonly code: string };

export class RotationModel {
  generation = 0;
  /** Whether anybody has shown the current generation. */
  shown = false;
  rotatedAt: number;
  usedAt: number;
  rotatedBy: string;
  ended = false;
  readonly #born: number;

  constructor(now: number, agent: string) {
    this.#born = now;
    this.rotatedAt = now;
    this.usedAt = now;
    this.rotatedBy = agent;
  }

  /** What the answer must be to a token of this generation, made by us and undamaged; and what becomes of the session. */
  show(generation: number, now: number, agent: string): Expected {
    if (this.ended) return { status: 401, outcome: "ended", code: "session_ended" };
    if (now >= this.#born + ABSOLUTE) return this.#end("expired", "refresh_expired");
    if (now >= this.usedAt + IDLE) return this.#end("idle_expired", "refresh_expired");
    if (generation > this.generation + 8) return { status: 401, outcome: "malformed", code: "refresh_invalid" };
    if (generation > this.generation) {
      this.#turn(generation, now, agent);
      this.shown = true;
      return this.#granted("rolled_forward", now);
    }
    const age = now - this.rotatedAt;
    if (generation === this.generation) {
      if (age < GRACE) {
        this.shown = true;
        return this.#granted("kept", now);
      }
      this.#turn(this.generation + 1, now, agent);
      return this.#granted("rotated", now);
    }
    if (generation === this.generation - 1 && age <= GRACE) {
      if (agent !== this.rotatedBy) return { status: 401, outcome: "other_client", code: "refresh_invalid" };
      return this.#granted("replayed", now);
    }
    const lost = generation === this.generation - 1 && !this.shown;
    return this.#end(lost ? "lost" : "theft", "refresh_reused");
  }

  end(): void {
    this.ended = true;
  }

  #turn(generation: number, now: number, agent: string): void {
    this.generation = generation;
    this.rotatedAt = now;
    this.rotatedBy = agent;
    this.shown = false;
  }

  #granted(outcome: "rotated" | "kept" | "replayed" | "rolled_forward", now: number): Expected {
    this.usedAt = now;
    return { status: 200, outcome, generation: this.generation };
  }

  #end(outcome: string, code: string): Expected {
    this.ended = true;
    return { status: 401, outcome, code };
  }
}
