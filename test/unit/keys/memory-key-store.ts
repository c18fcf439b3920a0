import type { StoredKey } from "../../../src/keys/stored-key.ts";
import type { KeyStore } from "../../../src/keys/stored-key-ring.ts";

export interface MemoryKeyStore extends KeyStore {
  stored: StoredKey[];
  reads: number;
  /** What every call rejects with while set. */
  failure: Error | null;
  revoke(kid: string): void;
}

/** The part of a store that a key ring uses, in memory, with a clock of its own. */
export function memoryKeyStore(clock: () => number): MemoryKeyStore {
  const newest = (): StoredKey | undefined => store.stored.toSorted((a, b) => b.createdAt - a.createdAt)[0];
  const guard = async (): Promise<void> => {
    await Promise.resolve();
    if (store.failure !== null) throw store.failure;
  };
  const store: MemoryKeyStore = {
    stored: [],
    reads: 0,
    failure: null,
    async keys() {
      store.reads += 1;
      await guard();
      return { keys: [...store.stored], now: clock() };
    },
    async addKey({ key, expectedNewest }) {
      await guard();
      if ((newest()?.kid ?? null) !== expectedNewest) return false;
      store.stored.push(key);
      return true;
    },
    async rewrapKey({ kid, wrappedPrivate, secretId, expectedSecretId }) {
      await guard();
      const index = store.stored.findIndex((key) => key.kid === kid && key.secretId === expectedSecretId);
      const key = store.stored[index];
      if (key === undefined) return false;
      store.stored[index] = { ...key, wrappedPrivate, secretId };
      return true;
    },
    revoke(kid) {
      store.stored = store.stored.map((key) => (key.kid === kid ? { ...key, revokedAt: clock() } : key));
    },
  };
  return store;
}
