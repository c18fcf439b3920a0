import type { StoredKeyRing } from "../keys/stored-key-ring.ts";
import type { Observe } from "../observe/observation.ts";
import type { FollowerOptions } from "../revocation/follower.ts";
import type { Store } from "../stores/store.ts";

export interface RepairsOptions {
  readonly store: Store;
  readonly keyRing: StoredKeyRing;
  readonly observe: Observe;
}

type Repairs = Pick<
  FollowerOptions,
  "seal" | "restore" | "follows" | "restoreKeys" | "onKeyRevoked" | "onRead" | "onBroken" | "onRepaired"
>;

/** What a gateway does, and whom it tells, when its store has lost a part of its history. */
export function createRepairs({ store, keyRing, observe }: RepairsOptions): Repairs {
  return {
    seal: (from, seen) => store.sealFeed({ from, seen }),
    restore: (revocations) => store.restore({ revocations }),
    follows: store.follows,
    restoreKeys: keyRing.restore,
    onKeyRevoked: keyRing.reload,
    onRead: (entries, lag) => observe({ kind: "feed_read", entries, lag }),
    onBroken: (cause) => observe({ kind: "history_broken", cause }),
    async onRepaired(cause, restored) {
      observe({ kind: "history_repaired", cause, restored });
      const about = { actor: "postern", sub: null, sid: null, address: null };
      await store.audit({ event: { kind: "history_repaired", ...about, detail: { cause, restored } } });
    },
  };
}
