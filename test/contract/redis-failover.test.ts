// The store contract on Redis where the primary is found by Sentinels, and on a Redis Cluster whose six processes share the
// slots: once as they were set up, and once more after a primary has been killed and another server has taken its place.
import { beforeAll, describe, expect, test } from "vitest";
import { startRedisCluster } from "../support/redis-cluster.ts";
import { replicated } from "../support/redis-replica.ts";
import { startRedisSentinel } from "../support/redis-sentinel.ts";
import { REDIS_SERVER, type RedisServer } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { openRedis } from "./open-redis.ts";
import { storeContract } from "./store-contract.ts";
import { Subject, type TestStore } from "./subject.ts";

interface Servers {
  readonly servers: readonly RedisServer[];
  /** The URL of an empty store. */
  emptyUrl(): Promise<string>;
  /** Kills a primary; resolves when all is served again. */
  failOver(): Promise<void>;
}

const SETUPS: readonly (readonly [string, () => Promise<Servers>])[] = [
  [
    "Sentinel",
    async () => {
      const sentinel = await startRedisSentinel();
      let database = 0;
      const emptyUrl = async () => sentinel.url.replace("?", `/${database++}?`);
      return { ...sentinel, emptyUrl, failOver: async () => void (await sentinel.killPrimary()) };
    },
  ],
  [
    "Cluster",
    async () => {
      const cluster = await startRedisCluster();
      const [shard] = cluster.shards;
      return {
        ...cluster,
        // A cluster has one database.
        async emptyUrl() {
          await Promise.all(cluster.servers.map((server) => server.command("FLUSHALL").catch(() => {})));
          return cluster.url;
        },
        async failOver() {
          if (shard !== undefined) await cluster.killPrimary(shard);
        },
      };
    },
  ],
];

describe.skipIf(REDIS_SERVER === null).each(SETUPS)("%s", (name, start) => {
  let redis: Servers;
  beforeAll(async () => {
    if (REDIS_SERVER !== null) redis = await start();
  });

  const openEmpty = async (): Promise<TestStore> => openRedis(await redis.emptyUrl());

  storeContract(`Redis ${name}`, openEmpty);

  test("a failover under an open store: calls fail for a while, then go on, with what had been replicated", async () => {
    const opened = await openEmpty();
    const subject = new Subject(opened);
    const people = await Promise.all(["ada", "ben", "cleo", "dan", "eve"].map((username) => subject.user(username)));
    const sessions = await Promise.all(people.map((user) => subject.login(user)));
    await Promise.all(redis.servers.map(({ port }) => replicated(port)));
    await redis.failOver();
    for (const [index, session] of sessions.entries()) {
      let outcome = "";
      await waitUntil(
        () => `the session of ${people[index]?.username} cannot be renewed: ${outcome}`,
        async () => {
          outcome = await subject.refresh(session, 0).then(
            (result) => result.outcome,
            (error: unknown) => String(error),
          );
          return !outcome.startsWith("Store");
        },
      );
      expect(["rotated", "kept", "replayed"]).toContain(outcome);
    }
    await opened.close();
  });

  storeContract(`Redis ${name} after a failover`, openEmpty);
});
