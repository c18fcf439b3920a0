import { type HashingLoad, HashingOverloaded } from "./passwords.ts";

/** Runs a job when its turn comes. Rejects with HashingOverloaded, or with the signal's reason if nobody waits any longer. */
export type RunQueued = <T>(job: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

export interface PasswordQueue {
  readonly run: RunQueued;
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

  const turn = (signal: AbortSignal | undefined): Promise<void> => {
    if (running < limits.concurrency) {
      running += 1;
      return Promise.resolve();
    }
    if (waiting.size >= limits.queue) {
      refused += 1;
      return Promise.reject(new HashingOverloaded("too many passwords to hash"));
    }
    return new Promise((resolve, reject) => {
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
  return { run, load: () => ({ active: running, waiting: waiting.size, refused }) };
}
