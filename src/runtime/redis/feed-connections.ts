import { Cluster, type Redis } from "ioredis";
import type { WaitForEntries } from "../../stores/redis/feed-reader.ts";
import { feedKey } from "../../stores/redis/keys.ts";
import { ALL_PARTITIONS } from "../../stores/redis/partition.ts";
import { slotOf } from "../../stores/redis/slot.ts";
import { StoreUnavailable } from "../../stores/store.ts";
import { redisClient } from "./client.ts";
import { FeedLine } from "./feed-line.ts";
import type { RedisAddress } from "./url.ts";

/** Longer (ms) than any read waits: a line gives its connection up by itself. */
const COMMAND_TIMEOUT = 10_000;

export interface FeedConnections {
  readonly wait: WaitForEntries;
  close(): void;
}

interface Waiter {
  readonly partitions: readonly number[];
  readonly line: FeedLine;
}

/**
 * Connections that do nothing but wait for entries: one to a single primary; in a cluster, where one command cannot name streams of
 * two slots, one a partition.
 */
export function feedConnections(address: RedisAddress): FeedConnections {
  const client = () => redisClient(address, { timeout: COMMAND_TIMEOUT, name: "postern-feed" });
  const cluster = address.kind === "cluster" ? client() : null;
  // What failed is told by the reads that it failed.
  cluster?.on("error", () => {});
  const primaryOf = cluster instanceof Cluster ? clusterPrimaries(cluster) : null;
  const waiters: readonly Waiter[] =
    primaryOf !== null
      ? ALL_PARTITIONS.map((partition) => ({
          partitions: [partition],
          line: new FeedLine(() => primaryOf(feedKey(partition))),
        }))
      : [{ partitions: ALL_PARTITIONS, line: new FeedLine(() => connected(client())) }];

  return {
    async wait(after, count, milliseconds) {
      const began = performance.now();
      const entries = new Map<number, readonly unknown[]>();
      let failed = false;
      let ended = false;
      const reads = waiters.map(async ({ partitions, line }) => {
        const ids = partitions.map((partition) => after[partition] ?? "0-0");
        // A read that an earlier call began may end before this call does.
        for (;;) {
          const left = began + milliseconds - performance.now();
          if (ended || left <= 0) return false;
          const found = await line.wait(partitions.map(feedKey), ids, count, Math.ceil(left));
          if (found === null) continue;
          for (const partition of partitions) {
            const come = found.get(feedKey(partition));
            if (come !== undefined) entries.set(partition, come);
          }
          return true;
        }
      });
      await new Promise<void>((resolve) => {
        for (const read of reads) {
          read.then(
            (come) => come && resolve(),
            () => {
              failed = true;
              resolve();
            },
          );
        }
        Promise.allSettled(reads).then(() => resolve());
      });
      ended = true;
      if (failed && entries.size === 0) throw new StoreUnavailable("awaitFeed: no connection that waits");
      return new Map(entries);
    },
    close() {
      for (const { line } of waiters) line.close();
      cluster?.disconnect();
    },
  };
}

async function connected(client: Redis | Cluster): Promise<Redis> {
  if (client instanceof Cluster) throw new Error("one connection is to one server");
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    throw error;
  }
}

/** What is known of a cluster's slots comes with its first connection, which all wait for. */
function clusterPrimaries(cluster: Cluster): (key: string) => Promise<Redis> {
  let connecting: Promise<void> | null = null;
  return async (key) => {
    if (cluster.status === "wait") connecting = cluster.connect();
    await connecting;
    const [primary] = cluster.slots[slotOf(tagOf(key))] ?? [];
    const node = cluster.nodes("master").find(({ options }) => `${options.host}:${options.port}` === primary);
    if (node === undefined) throw new Error("no primary is known for the feed");
    return connected(node.duplicate({ lazyConnect: true, retryStrategy: () => null }));
  };
}

const tagOf = (key: string): string => key.slice(key.indexOf("{") + 1, key.indexOf("}"));
