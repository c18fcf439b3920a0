import type { StoreAddress } from "../../config/config.ts";
import type { OperationInput } from "../../stores/operations.ts";
import { sealFeed } from "../../stores/redis/epoch.ts";
import { feedReader } from "../../stores/redis/feed-reader.ts";
import { restore } from "../../stores/redis/repair.ts";
import { redisStore } from "../../stores/redis/store.ts";
import type { Store } from "../../stores/store.ts";
import { feedConnections } from "./feed-connections.ts";
import { RedisLink } from "./redis-link.ts";
import { readRedisUrl } from "./redis-url.ts";
import { StoreProblem } from "./store-problem.ts";

export interface RedisStoreOptions {
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  readonly clockOffset: () => number;
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
  const { run } = link;
  const connections = feedConnections(url.address);
  const feed = {
    readFeed: feedReader(run, connections.wait),
    sealFeed: (input: OperationInput<"sealFeed">) => sealFeed(run, input),
    restore: (input: OperationInput<"restore">) => restore(run, input),
  };
  return redisStore(run, feed, async () => {
    connections.close();
    await link.close();
  });
}
