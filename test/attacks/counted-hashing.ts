import { hash, verify } from "@node-rs/argon2";
import { hashedPasswords } from "../../src/accounts/hashed-passwords.ts";
import { argon2Cost } from "../../src/accounts/phc.ts";
import type { StandIns } from "../support/gateway-in-process.ts";

export interface CountedHashing {
  readonly passwords: NonNullable<StandIns["passwords"]>;
  /** What was hashed so far, for a new password or to check one: the cost of each as `m,t,p`. */
  readonly work: string[];
  /** Until it is called, no hash comes to its end. */
  hold(): () => void;
}

/** argon2id itself, with its work counted and, where a test asks, held. */
export function countedHashing(): CountedHashing {
  const work: string[] = [];
  let gate: Promise<void> = Promise.resolve();
  const costOf = (text: string): string => {
    const cost = argon2Cost(text);
    return cost === null ? "none" : [cost.memory, cost.iterations, cost.parallelism].join();
  };
  return {
    work,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    passwords: (options) =>
      hashedPasswords(
        {
          async hash(password, { memory, iterations, parallelism }) {
            work.push([memory, iterations, parallelism].join());
            await gate;
            return hash(password, { memoryCost: memory, timeCost: iterations, parallelism });
          },
          async verify(known, password) {
            work.push(costOf(known));
            await gate;
            return verify(known, password);
          },
        },
        options,
      ),
  };
}
