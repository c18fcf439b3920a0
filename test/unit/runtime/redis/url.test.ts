import { describe, expect, test } from "vitest";
import { readRedisUrl } from "../../../../src/runtime/redis/url.ts";
import { StoreProblem } from "../../../../src/stores/store-problem.ts";

describe("a store's Redis URL", () => {
  test.each([
    ["redis://redis", { host: "redis", port: 6379, db: 0 }],
    ["redis://127.0.0.1:7000/3", { host: "127.0.0.1", port: 7000, db: 3 }],
    ["redis://[::1]:6380/", { host: "::1", port: 6380, db: 0 }],
    ["redis://:p%40ss@redis", { password: "p@ss" }],
    ["redis://me:p%40ss@redis", { username: "me", password: "p@ss" }],
    ["rediss://redis:6380", { host: "redis", port: 6380, tls: {} }],
  ])("%s is one server", (url, options) => {
    expect(readRedisUrl(url)).toMatchObject({ address: { kind: "single", options }, allowNoAof: false });
  });

  test("without TLS there are no TLS settings, without a password no password", () => {
    expect(Object.keys(readRedisUrl("redis://redis").address.options).sort()).toEqual(["db", "host", "port"]);
  });

  test("Sentinels, whose own password is asked for by name", () => {
    const url = "redis://me:pw@s1?sentinel=main&node=s2:26380&node=[::1]:26381";
    const sentinels = [
      { host: "s1", port: 26379 },
      { host: "s2", port: 26380 },
      { host: "::1", port: 26381 },
    ];
    const { address, shown } = readRedisUrl(url);
    expect(address).toEqual({
      kind: "sentinel",
      options: { username: "me", password: "pw", name: "main", sentinels, db: 0 },
    });
    expect(shown).toBe("main by s1:26379, s2:26380, [::1]:26381");
    expect(readRedisUrl(`${url}&sentinelAuth=true`).address.options).toMatchObject({
      sentinelUsername: "me",
      sentinelPassword: "pw",
    });
    expect(readRedisUrl(url.replace("redis:", "rediss:")).address.options).toMatchObject({
      tls: {},
      enableTLSForSentinelMode: true,
      sentinelTLS: {},
    });
  });

  test("a cluster", () => {
    expect(readRedisUrl("rediss://:pw@c1?cluster=true&node=c2:7001")).toMatchObject({
      address: {
        kind: "cluster",
        nodes: [
          { host: "c1", port: 6379 },
          { host: "c2", port: 7001 },
        ],
        options: { password: "pw", tls: {} },
      },
    });
  });

  test("a server that keeps nothing, allowed", () => {
    expect(readRedisUrl("redis://redis?allowNoAof=true").allowNoAof).toBe(true);
  });

  test.each([
    ["redis://redis?clutser=true", '"clutser" is no parameter'],
    ["redis://redis?cluster=yes", '"cluster" in a Redis URL is true or false'],
    ["redis://redis?cluster=true&sentinel=main", "not both"],
    ["redis://redis?node=other:1", 'belongs to "sentinel" or "cluster=true"'],
    ["redis://redis?cluster=true&node=other", "HOST:PORT, not other"],
    ["redis://redis/name", "number of a database"],
    ["redis://redis/1?cluster=true", "no database but 0"],
  ])("%s is refused", (url, told) => {
    expect(() => readRedisUrl(url)).toThrow(StoreProblem);
    expect(() => readRedisUrl(url)).toThrow(told);
  });

  test("what is shown and said holds no password", () => {
    expect(readRedisUrl("redis://me:hunter2@redis").shown).toBe("redis:6379");
    expect(() => readRedisUrl("redis://me:hunter2@redis?x=1")).toThrow(/^(?!.*hunter2)/);
  });
});
