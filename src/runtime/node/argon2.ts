import { hash, verify } from "@node-rs/argon2";
import { hashedPasswords } from "../../accounts/hashed-passwords.ts";
import type { Passwords } from "../../accounts/passwords.ts";
import type { Config } from "../../config/config.ts";

/**
 * argon2id in libuv's threads. The queue in front keeps it to `concurrency` of the four, because signatures, files and DNS
 * wait in the same pool.
 */
export function nodePasswords(options: Config["passwords"]): Passwords {
  return hashedPasswords(
    {
      // The library's defaults are argon2id, version 19, a salt of 16 bytes and 32 bytes of output.
      hash: (password, cost) =>
        hash(password, { memoryCost: cost.memory, timeCost: cost.iterations, parallelism: cost.parallelism }),
      verify: (known, password) => verify(known, password),
    },
    options,
  );
}
