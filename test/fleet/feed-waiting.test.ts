// A reader that waits for revocations is woken by one in whichever partition, on a single server and in a cluster, where each partition
// is waited for by itself; it goes on after a failover; and a replica does not answer it, nor does a primary that takes no writes.
// docs/revocation.md, caught up first (blocking reads on the primary only). SECURITY: F09.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import type { FeedCursor, FeedPage } from "../../src/revocation/feed.ts";
import { openRedis } from "../../src/runtime/redis/store.ts";
import type { Store } from "../../src/stores/store.ts";
import { StoreUnavailable } from "../../src/stores/store.ts";
import { CLI } from "../contract/subject.ts";
import { type RedisCluster, startRedisCluster } from "../support/redis-cluster.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const open = (url: string, minReplicas = 0): Promise<Store> =>
  openRedis({ kind: "redis", url }, { timeout: 2_000, clockOffset: () => 0, minReplicas });

const revokeUser = (store: Store, sub: string) =>
  store.revoke({
    target: { kind: "user", sub, before: 5 },
    sub,
    reason: "revoked",
    note: null,
    dryRun: false,
    origin: CLI,
  });

const announce = (store: Store, version = "1.0.0") =>
  store.announce({ receipt: { node: "n_1", startedAt: 1, cursor: [], version, config: null }, accessTtl: 300_000 });

async function readToEnd(store: Store): Promise<FeedCursor> {
  let after: FeedCursor | null = null;
  for (;;) {
    const page: FeedPage = await store.readFeed({ after, limit: 1000 });
    after = page.cursor;
    if (page.end) return after;
  }
}

/** Holds that waiting reads, each going on where the last one ended, bring the entries of many users, without one that timed out. */
async function wakes(reader: Store, writer: Store): Promise<void> {
  let after = await readToEnd(reader);
  for (let round = 0; round < 20; round++) {
    const sub = newId("u");
    const waiting = reader.awaitFeed({ after, limit: 1000, wait: 5_000 });
    await revokeUser(writer, sub);
    const news = await waiting;
    expect(news?.entries.map(({ target }) => target)).toEqual([{ kind: "user", sub, before: 5 }]);
    after = news?.cursor ?? after;
    // A read from there finds nothing more, in the same history.
    expect(await reader.readFeed({ after, limit: 10 })).toMatchObject({ entries: [], continues: true, cursor: after });
  }
}

/** Resolves when one can read and the other revoke, in every partition: connections come by and by. */
const usable = (reader: Store, writer: Store): Promise<void> =>
  waitUntil(
    () => "the stores cannot be used",
    async () => {
      const asked = Array.from({ length: 40 }, () => revokeUser(writer, newId("u")));
      const settled = await Promise.allSettled([readToEnd(reader), ...asked]);
      if (settled.some(({ status }) => status === "rejected")) return false;
      return reader.awaitFeed({ after: await readToEnd(reader), limit: 1000, wait: 200 }).then(
        (news) => news === null,
        () => false,
      );
    },
  );

describe.skipIf(REDIS_SERVER === null)("one server", () => {
  let server: RedisServer;
  let stores: Store[] = [];
  beforeAll(async () => {
    server = await startRedis();
    stores = [await open(server.url), await open(server.url)];
  });
  afterAll(() => Promise.all(stores.map((store) => store.close())));

  test("a waiting reader is woken by a revocation in any partition", async () => {
    const [reader, writer] = stores;
    if (reader === undefined || writer === undefined) throw new Error("no stores");
    await wakes(reader, writer);
  });

  test("where nothing comes it says so in time", async () => {
    const [reader] = stores;
    if (reader === undefined) throw new Error("no store");
    expect(await reader.awaitFeed({ after: await readToEnd(reader), limit: 10, wait: 100 })).toBeNull();
  });

  test("a server that has become a replica does not answer", async () => {
    const [reader] = stores;
    if (reader === undefined) throw new Error("no store");
    await server.command("REPLICAOF", "127.0.0.1", "1");
    await expect(reader.readFeed({ after: null, limit: 10 })).rejects.toThrow(StoreUnavailable);
    await expect(announce(reader)).rejects.toThrow(StoreUnavailable);
    await server.command("REPLICAOF", "NO", "ONE");
    await waitUntil(
      () => "the feed is not read again",
      () =>
        reader.readFeed({ after: null, limit: 10 }).then(
          () => true,
          () => false,
        ),
    );
  });
});

describe.skipIf(REDIS_SERVER === null)("what makes a view fresh", () => {
  let server: RedisServer;
  let store: Store;
  beforeAll(async () => {
    server = await startRedis();
    store = await open(server.url);
  });
  afterAll(() => store.close());

  test("a primary with fewer replicas than it needs may have been given up: it neither answers nor takes a receipt", async () => {
    await server.command("CONFIG", "SET", "min-replicas-to-write", "1");
    await expect(store.readFeed({ after: null, limit: 10 })).rejects.toThrow(StoreUnavailable);
    await expect(announce(store)).rejects.toThrow(StoreUnavailable);
    await server.command("CONFIG", "SET", "min-replicas-to-write", "0");
    expect(await readToEnd(store)).toHaveLength(16);
  });

  test("one whose memory is full answers, and takes the receipt, and no revocation", async () => {
    await announce(store);
    await server.command("CONFIG", "SET", "maxmemory", "1");
    await expect(revokeUser(store, newId("u"))).rejects.toThrow(StoreUnavailable);
    expect(await readToEnd(store)).toHaveLength(16);
    await announce(store, "1.1.1");
    expect((await store.nodes({})).nodes.map(({ version }) => version)).toEqual(["1.1.1"]);
  });
});

describe.skipIf(REDIS_SERVER === null)("a cluster", () => {
  let cluster: RedisCluster;
  let stores: Store[] = [];
  beforeAll(async () => {
    cluster = await startRedisCluster();
    stores = [await open(cluster.url, 1), await open(cluster.url, 1)];
  });
  afterAll(() => Promise.all(stores.map((store) => store.close())));

  test("a waiting reader is woken by a revocation in any partition, before and after a primary is lost", async () => {
    const [reader, writer] = stores;
    const [shard] = cluster.shards;
    if (reader === undefined || writer === undefined || shard === undefined) throw new Error("no cluster");
    await usable(reader, writer);
    await wakes(reader, writer);
    await cluster.killPrimary(shard);
    // Of the shard whose primary is gone no replica is left that could confirm a revocation.
    const plain = await open(cluster.url);
    stores.push(plain);
    await usable(reader, plain);
    await wakes(reader, plain);
  });
});
