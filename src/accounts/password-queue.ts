import { type HashingLoad, HashingOverloaded } from "./passwords.ts";

/** Runs a job when its turn comes. Rejects with HashingOverloaded, or with the signal's reason if nobody waits any longer. */
export type RunQueued = <T>(job: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

export interface PasswordQueue {
  readonly run: RunQueued;
  /** Whether a job would find a place now; a false answer counts as a refusal. */
  hasRoom(): boolean;
  load(): HashingLoad;
}

interface Waiter {
  readonly start: () => void;
}

/**
 * A bounded queue in front of work that would otherwise take every thread: at most `concurrency` jobs at once and `queue`
 * waiting. A waiter whose signal aborts leaves the queue and its job never runs.
 */
export function passwordQueue(limits: { readonly concurrency: number; readonly queue: number }): PasswordQueue {
  const waiting = new Set<Waiter>();
  let running = 0;
  let refused = 0;

  const leave = () => {
    running -= 1;
    const [next] = waiting;
    next?.start();
  };

  const hasRoom = (): boolean => {
    const room = running < limits.concurrency || waiting.size < limits.queue;
    if (!room) refused += 1;
    return room;
  };

  const turn = async (signal: AbortSignal | undefined): Promise<void> => {
    if (!hasRoom()) throw new HashingOverloaded("too many passwords to hash");
    if (running < limits.concurrency) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        start: () => {
          waiting.delete(waiter);
          signal?.removeEventListener("abort", abandon);
          running += 1;
          resolve();
        },
      };
      const abandon = () => {
        waiting.delete(waiter);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abandon, { once: true });
      waiting.add(waiter);
    });
  };

  const run: RunQueued = async (job, signal) => {
    signal?.throwIfAborted();
    await turn(signal);
    try {
      return await job();
    } finally {
      leave();
    }
  };
  return { run, hasRoom, load: () => ({ active: running, waiting: waiting.size, refused }) };
}
