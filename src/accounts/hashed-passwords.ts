import { passwordQueue } from "./password-queue.ts";
import { normalisePassword } from "./password-rules.ts";
import type { Passwords } from "./passwords.ts";
import { type Argon2Cost, argon2Cost, dummyHash } from "./phc.ts";

/** argon2id as a runtime brings it: takes normalised passwords, gives and takes PHC strings. */
export interface Argon2id {
  hash(password: string, cost: Argon2Cost): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
}

/** Passwords over a runtime's argon2id: one form of Unicode, a bounded queue, and equal work where there is no hash. */
export function hashedPasswords(
  argon2id: Argon2id,
  options: Argon2Cost & { readonly concurrency: number; readonly queue: number },
): Passwords {
  const { run, hasRoom, load } = passwordQueue(options);
  const nobody = dummyHash(options);
  return {
    hasRoom,
    load,
    async hash(password, signal) {
      const normalised = normalisePassword(password);
      if (normalised === null) throw new RangeError("a password that was not checked against the rules");
      return run(() => argon2id.hash(normalised, options), signal);
    },
    async verify(hash, password, signal) {
      // Too long for anybody's password: refused before it costs anything, whoever it was tried on.
      const normalised = normalisePassword(password);
      if (normalised === null) return false;
      const known = hash !== null && argon2Cost(hash) !== null ? hash : null;
      const matches = await run(() => argon2id.verify(known ?? nobody, normalised), signal);
      return matches && known !== null;
    },
    needsRehash(hash) {
      const cost = argon2Cost(hash);
      return (
        cost === null ||
        cost.memory !== options.memory ||
        cost.iterations !== options.iterations ||
        cost.parallelism !== options.parallelism
      );
    },
  };
}
