// What the tests of faults stand on: a redis-server that is really killed and really loses what it has not stored, and a proxy
// that does to connections what it says.
import { Cluster, Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { startRedisCluster } from "../support/redis-cluster.ts";
import { startReplicatedRedis } from "../support/redis-replica.ts";
import { startRedisSentinel } from "../support/redis-sentinel.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";

/** A client that gives up at once and connects again only when told. */
function clientOf(port: number): Redis {
  const client = new Redis({
    ...{ host: "127.0.0.1", port, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 },
    ...{ enableReadyCheck: false, autoResendUnfulfilledCommands: false, commandTimeout: 20_000 },
  });
  client.on("error", () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

async function behindProxy(): Promise<{ server: RedisServer; proxy: FaultProxy; client: Redis }> {
  const server = await startRedis();
  const proxy = await startFaultProxy(server.port);
  return { server, proxy, client: clientOf(proxy.port) };
}

describe.skipIf(REDIS_SERVER === null)("a redis-server", () => {
  test("keeps what it has acknowledged when it is killed, and answers again on its port", async () => {
    const server = await startRedis();
    await server.command("SET", "kept", "1");
    await server.kill();
    await expect(server.command("PING")).rejects.toThrow();
    await server.start();
    expect(await server.command("GET", "kept")).toBe("1");
  });
});

describe.skipIf(REDIS_SERVER === null)("the proxy", () => {
  test("hands everything through", async () => {
    const { client } = await behindProxy();
    const large = "x".repeat(1_000_000);
    await client.set("key", large);
    expect(await client.get("key")).toBe(large);
  });

  test("loses a reply: the command ran once, the client does not know", async () => {
    const { server, proxy, client } = await behindProxy();
    const lost = proxy.loseReply("counter");
    await expect(client.incr("counter")).rejects.toThrow();
    await lost;
    expect(await server.command("GET", "counter")).toBe("1");
    await client.connect();
    expect(await client.incr("counter")).toBe(2);
  });

  test("loses a request: the command never ran", async () => {
    const { server, proxy, client } = await behindProxy();
    const lost = proxy.loseRequest("counter");
    await expect(client.incr("counter")).rejects.toThrow();
    await lost;
    expect(await server.command("GET", "counter")).toBeNull();
  });

  test("holds a request back, and sends it on after its client has gone", async () => {
    const { server, proxy, client } = await behindProxy();
    const { held, release } = proxy.hold("counter");
    const answer = client.incr("counter");
    await held;
    client.disconnect();
    await expect(answer).rejects.toThrow();
    expect(await server.command("GET", "counter")).toBeNull();
    await release();
    expect(await server.command("GET", "counter")).toBe("1");
  });

  test("swallows everything, cuts everything, and heals", async () => {
    const { proxy, client } = await behindProxy();
    expect(await client.ping()).toBe("PONG");
    proxy.blackHole();
    const swallowed = client.ping();
    const settled = expect(swallowed).rejects.toThrow();
    expect(await Promise.race([swallowed, clientOf(proxy.port).ping(), after(50)])).toBe("silence");
    proxy.cut();
    await settled;
    await expect(client.connect()).rejects.toThrow();
    proxy.heal();
    await client.connect();
    expect(await client.ping()).toBe("PONG");
  });
});

describe.skipIf(REDIS_SERVER === null)("a primary that dies", () => {
  test("before its replica had the last write: the write is lost, and the address leads to the replica", async () => {
    const redis = await startReplicatedRedis();
    const client = clientOf(redis.front.port);
    await client.set("first", "1");
    expect(await client.wait(1, 5_000)).toBe(1);
    redis.cutLink();
    await client.set("second", "1");
    await redis.failover();
    expect(await clientOf(redis.front.port).mget("first", "second")).toEqual(["1", null]);
  });

  test("is replaced by its sentinels", async () => {
    const sentinel = await startRedisSentinel();
    const { killed, promoted } = await sentinel.killPrimary();
    expect(promoted).not.toBe(killed);
    expect(await promoted.command("SET", "key", "1")).toBe("OK");
  });

  test("is replaced by its replica in a cluster", async () => {
    const cluster = await startRedisCluster();
    const client = new Cluster(cluster.servers.map(({ port }) => ({ host: "127.0.0.1", port })));
    onTestFinished(() => client.disconnect());
    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
    for (const key of keys) await client.set(key, "1");
    const [shard] = cluster.shards;
    if (shard !== undefined) await cluster.killPrimary(shard);
    for (const key of keys) expect(await client.set(key, "2")).toBe("OK");
  });
});

const after = (milliseconds: number): Promise<string> =>
  new Promise((resolve) => setTimeout(() => resolve("silence"), milliseconds));
