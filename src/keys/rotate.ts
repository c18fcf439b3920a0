import { makeKey } from "./make-key.ts";
import { type KeySettings, newestKid, newKeyTimes } from "./plan.ts";
import type { SecretRing } from "./secrets.ts";
import type { StoredKey } from "./stored-key.ts";
import type { KeyStore } from "./stored-key-ring.ts";

export interface RotateOptions extends KeySettings {
  readonly store: Pick<KeyStore, "keys" | "addKey">;
  readonly secrets: SecretRing;
}

/**
 * Makes a new key before one is due. It is published at once and takes over signing after `publishAhead`. Null when another
 * gateway made one in the meantime, so that nothing was added.
 */
export async function rotateKeys(options: RotateOptions): Promise<StoredKey | null> {
  const { keys, now } = await options.store.keys({});
  const times = newKeyTimes(keys, now + options.publishAhead, now, options);
  const key = await makeKey(options.alg, times, options.secrets);
  return (await options.store.addKey({ key, expectedNewest: newestKid(keys) })) ? key : null;
}
