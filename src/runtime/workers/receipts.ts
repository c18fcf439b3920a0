import { RECEIPT_LIFE } from "../../stores/lifetimes.ts";
import type { SyncStore } from "../../stores/operations.ts";
import type { NodeReceipt } from "../../stores/records.ts";

/** How often a lifetime that is announced all the time is written down: well within what makes it count as given up. */
const WRITE_EVERY = 30_000;

/**
 * A store that keeps receipts in memory: isolates are many, and a row for each of them every few seconds would cost more than all the
 * rest. What is lost with the object is announced anew within seconds. The lifetimes of access tokens, by which revocations are kept,
 * are written.
 */
export function withReceiptsInMemory(store: SyncStore): SyncStore {
  const receipts = new Map<string, NodeReceipt>();
  const written = new Map<number, number>();
  return {
    ...store,
    announce(input) {
      const now = store.time({});
      if (now - (written.get(input.accessTtl) ?? Number.NEGATIVE_INFINITY) >= WRITE_EVERY) {
        store.announce(input);
        written.set(input.accessTtl, now);
      }
      receipts.set(input.receipt.node, { ...input.receipt, at: now });
      for (const [node, { at }] of receipts) if (now - at > RECEIPT_LIFE) receipts.delete(node);
    },
    nodes() {
      const stored = store.nodes({});
      const live = new Map(stored.nodes.map((receipt) => [receipt.node, receipt]));
      for (const receipt of receipts.values()) {
        if (stored.now - receipt.at < RECEIPT_LIFE) live.set(receipt.node, receipt);
      }
      return { nodes: [...live.values()].sort((a, b) => (a.node < b.node ? -1 : 1)), now: stored.now };
    },
    retire(input) {
      receipts.delete(input.node);
      store.retire(input);
    },
  };
}
