import type { StoreAddress } from "../../config/config.ts";
import { sealFeed } from "../../stores/redis/epoch.ts";
import { readAllPartitions, readEachPartition } from "../../stores/redis/feed-page.ts";
import { feedReader, newsReader } from "../../stores/redis/feed-reader.ts";
import { HistoryCheck } from "../../stores/redis/history-check.ts";
import { restore } from "../../stores/redis/repair.ts";
import type { RunScript } from "../../stores/redis/script.ts";
import { redisStore } from "../../stores/redis/store.ts";
import { replicatedEndings } from "../../stores/redis/wait.ts";
import type { Store } from "../../stores/store.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import { feedConnections } from "./feed-connections.ts";
import { RedisLink } from "./link.ts";
import { readRedisUrl } from "./url.ts";

export interface RedisStoreOptions {
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  readonly clockOffset: () => number;
  /** Replicas that must have an ending before it is acknowledged; absent: none. */
  readonly minReplicas?: number;
}

/**
 * Opens the store on Redis. A server that cannot be reached is no reason to reject: it may come, and until then every call says that
 * the store is unavailable. Rejects with StoreProblem when it is there and must not be used as it is set up.
 */
export async function openRedis(
  address: StoreAddress & { readonly kind: "redis" },
  options: RedisStoreOptions,
): Promise<Store> {
  const url = readRedisUrl(address.url);
  const link = new RedisLink({ url, ...options });
  await link.open();
  if (link.problem !== null) {
    await link.close();
    throw new StoreProblem(link.problem);
  }
  const connections = feedConnections(url.address);
  const history = new HistoryCheck();
  const storeBy = (run: RunScript): Store =>
    redisStore(
      history.compared(run),
      {
        readFeed: feedReader(url.address.kind === "cluster" ? readEachPartition(run) : readAllPartitions(run)),
        awaitFeed: newsReader(connections.wait),
        sealFeed: (input) => sealFeed(run, input),
        restore: (input) => restore(run, input),
        follows: history.follows,
      },
      async () => {
        connections.close();
        await Promise.all([link.close(), waiting?.close()]);
      },
    );
  const replicas = options.minReplicas ?? 0;
  // Who waits for replicas holds up all that comes behind it.
  const waiting =
    replicas === 0
      ? null
      : new RedisLink({ url, ...options, replication: { replicas, patience: patienceOf(options.timeout) } });
  await waiting?.open();
  const store = storeBy(link.run);
  return waiting === null ? store : replicatedEndings(store, storeBy(waiting.run));
}

/** Replicas that are there have it within a few milliseconds. */
const LONGEST_PATIENCE = 1_000;

/** Shorter than the call, so that there is an answer: how many replicas had it in time. */
const patienceOf = (timeout: number): number => Math.min(LONGEST_PATIENCE, Math.floor(timeout * 0.8));
