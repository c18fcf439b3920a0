import type { Config, Secrets } from "../../config/config.ts";
import type { ConfigProblem } from "../../config/problems.ts";
import type { Readiness, Reports } from "../../observe/readiness.ts";

export type Question = keyof Reports;

/** What was asked for; empty where there is nothing to say but that it is done. */
export interface Answer {
  readonly readiness?: Readiness;
  readonly metrics?: string;
}

/** A configuration that was read, or everything that is wrong with it. */
export type NewConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** From the supervisor to a worker. What has an `id` is answered under it. */
export type ToWorker =
  | {
      readonly kind: "start";
      readonly config: Config;
      readonly secrets: Secrets;
      readonly worker: number;
      readonly replaces: string | null;
      /** Postern's. */
      readonly version: string;
    }
  | { readonly kind: "reload"; readonly id: number; readonly result: NewConfig }
  | { readonly kind: "stop" }
  /** Another worker has taken this one's place. */
  | { readonly kind: "hand_over" }
  | { readonly kind: "ask"; readonly id: number; readonly question: Question }
  /** What all say to a question that this worker has passed on. */
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer };

/** From a worker to the supervisor. */
export type ToSupervisor =
  | { readonly kind: "serving"; readonly url: string; readonly operationsUrl: string }
  | { readonly kind: "failed"; readonly problem: "store" | "listen" | "other"; readonly message: string }
  | { readonly kind: "ask"; readonly id: number; readonly question: Question }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer }
  /** All that it has counted, as it ends. */
  | { readonly kind: "last"; readonly metrics: string };

/** Messages on their way, and those who wait for the answers. */
export class Pending {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 0;

  /** Resolves with the answer, or with null after so many milliseconds without one. */
  ask(send: (id: number) => void, patience: number): Promise<Answer | null> {
    const id = this.#next++;
    return new Promise((resolve) => {
      const settle = (answer: Answer | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(settle, patience, null);
      this.#waiting.set(id, settle);
      send(id);
    });
  }

  settle(id: number, answer: Answer): void {
    this.#waiting.get(id)?.(answer);
  }
}
