import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore, StoreProblem } from "../../src/runtime/node/open-store.ts";
import { StoreUnavailable } from "../../src/stores/store.ts";
import { freePort } from "../support/free-port.ts";
import { startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";

const PASSWORD = "a-password-of-this-server";

describe.skipIf(REDIS_SERVER === null)("starting on Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  const open = (url: string) => openStore({ kind: "redis", url }, { timeout: 2_000 });
  /** What the person who starts Postern is told. */
  const problemOf = async (url: string): Promise<string> => {
    const refused: unknown = await open(url).catch((error: unknown) => error);
    if (!(refused instanceof StoreProblem)) throw new Error("the store was opened");
    return refused.message;
  };
  async function withSetting<T>(name: string, value: string, normal: string, work: () => Promise<T>): Promise<T> {
    await server.command("CONFIG", "SET", name, value);
    try {
      return await work();
    } finally {
      await server.command("CONFIG", "SET", name, normal);
    }
  }

  test("a server that evicts is refused", async () => {
    const told = await withSetting("maxmemory-policy", "allkeys-lru", "noeviction", () => problemOf(server.url));
    expect(told).toContain("maxmemory-policy allkeys-lru");
    expect(told).toContain("Set it to noeviction");
  });

  test("a server that keeps nothing is refused, unless that is allowed", async () => {
    await withSetting("appendonly", "no", "yes", async () => {
      expect(await problemOf(server.url)).toContain("Set appendonly yes");
      await (await open(`${server.url}?allowNoAof=true`)).close();
    });
  });

  test("a replica is refused", async () => {
    await server.command("REPLICAOF", "127.0.0.1", server.port);
    try {
      expect(await problemOf(server.url)).toContain("is a replica");
    } finally {
      await server.command("REPLICAOF", "NO", "ONE");
    }
  });

  test("a server that cannot be reached is waited for: the store is open, and unavailable", async () => {
    const store = await open(`redis://127.0.0.1:${await freePort()}`);
    await expect(store.userByName({ usernameKey: "ada" })).rejects.toThrow(StoreUnavailable);
    await store.close();
  });

  test("a gateway and its commands find a server by POSTERN_STORE, with its password, which no log shows", async () => {
    await server.command("CONFIG", "SET", "requirepass", PASSWORD);
    const url = server.freshUrl().replace("redis://", `redis://:${PASSWORD}@`);
    const gateway = await startGateway({ roles: { user: { scopes: [] } } }, { env: { POSTERN_STORE: url } });
    await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
    const browser = new Browser(gateway.url);
    const login = await browser.fetch("/auth/login", {
      method: "POST",
      json: { username: ALICE.name, password: ALICE.password },
    });
    expect(login.status).toBe(200);
    expect((await browser.fetch("/auth/refresh", { method: "POST" })).status).toBe(200);

    const listed = await gateway.cli(["users", "list", "--json"]);
    expect(JSON.parse(listed.stdout)).toMatchObject({ users: [{ username: ALICE.name, roles: ["user"] }] });
    for (const text of [gateway.logs(), listed.stderr]) expect(text).not.toContain(PASSWORD);
  });
});
