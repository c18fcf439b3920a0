import { hashedPasswords } from "../../accounts/hashed-passwords.ts";
import type { Passwords } from "../../accounts/passwords.ts";
import type { Config } from "../../config/config.ts";
import { HashingProcess } from "./hashing-process.ts";

export interface NodePasswords extends Passwords {
  /** Ends the process behind it as soon as it has nothing to do; what is asked later starts it again for its time. */
  release(): void;
}

/** argon2id in a process of its own. `report` is told when that has ended by itself, or could not be started. */
export function nodePasswords(
  options: Config["passwords"],
  report: (problem: string) => void = () => {},
): NodePasswords {
  const hashing = new HashingProcess({ concurrency: options.concurrency, report });
  const passwords = hashedPasswords(
    {
      hash: (password, cost) => hashing.call({ kind: "hash", password, cost }),
      verify: (hash, password) => hashing.call({ kind: "verify", password, hash }),
    },
    options,
  );
  return { ...passwords, release: () => hashing.release() };
}
