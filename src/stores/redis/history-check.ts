import type { FollowedHistory } from "../../revocation/feed.ts";
import { BEGINNING } from "./entries.ts";
import { positionOf } from "./feed-page.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS } from "./partition.ts";
import type { RunScript } from "./script.ts";

/**
 * Makes every script about a partition compare, in its own atomic step, the partition's history with the one that a gateway has read:
 * a server that was wiped, or was promoted without the last writes, judges nothing before it has been given back what it lost.
 */
export class HistoryCheck {
  #followed: FollowedHistory | null = null;

  readonly follows = (history: FollowedHistory): void => {
    this.#followed = history;
  };

  compared(run: RunScript): RunScript {
    return (script, key, input) => {
      const partition = PARTITION_OF.get(key);
      if (this.#followed === null || partition === undefined) return run(script, key, input);
      const { epochs, cursor } = this.#followed;
      const { id, number } = positionOf(cursor[partition] ?? BEGINNING);
      return run(script, key, { ...input, followed: [epochs[partition] ?? "", id, number] });
    };
  }
}

const PARTITION_OF: ReadonlyMap<string, number> = new Map(
  ALL_PARTITIONS.map((partition) => [metaKey(partition), partition]),
);
