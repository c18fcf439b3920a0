import { FeedPuller, type Verdict } from "../../revocation/puller.ts";
import { RevocationView, type TokenFacts } from "../../revocation/view.ts";
import type { Store } from "../../stores/store.ts";

/** The live revocations, held by the object of a region for isolates that cannot hold all of them: a million take about 35 MB. */
export class RegionView {
  readonly #view = new RevocationView();
  readonly #puller: FeedPuller;

  constructor(store: Pick<Store, "readFeed" | "sealFeed" | "restore" | "follows">) {
    const nothing = async (): Promise<void> => {};
    this.#puller = new FeedPuller({
      ...{ view: this.#view, interval: 0, readWait: 0, bound: 0, maxStaleness: 0, capacity: Number.POSITIVE_INFINITY },
      read: (after, limit) => store.readFeed({ after, limit }),
      news: async () => null,
      seal: (from, seen) => store.sealFeed({ from, seen }),
      restore: (revocations) => store.restore({ revocations }),
      follows: store.follows,
      // Keys, and what is told of all this, are the isolates' own.
      ...{ receipt: nothing, restoreKeys: nothing, onKeyRevoked: nothing, onRepaired: nothing },
      ...{ onApplied: () => {}, onRead: () => {}, onAdvanced: () => {}, onBroken: () => {} },
      monotonic: () => performance.now(),
      wait: nothing,
    });
  }

  /** By what had been published when it was called. Rejects with a store error. */
  async judge(token: TokenFacts): Promise<Verdict> {
    await this.#puller.catchUp();
    return { refused: this.#view.refuses(token), live: this.#view.size, cursor: this.#puller.cursor ?? [] };
  }
}
