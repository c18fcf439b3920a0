// Redis loses everything while people go on, and then the address leads to another Redis, that has never been used. Every
// session is over, nobody's token passes who had logged out before, and with accounts restored it all begins again.
// SECURITY: F08, F09; 3.4 (I1, I2); docs/revocation.md, wiped.
import { beforeAll, describe, expect, test } from "vitest";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { addAlice, type Fleet, logIn, readiness, recovered, startFleet, unready } from "./fleet.ts";

let redis: RedisServer;
let proxy: FaultProxy;
let fleet: Fleet;
beforeAll(async () => {
  if (REDIS_SERVER === null) return;
  redis = await startRedis();
  proxy = await startFaultProxy(redis.port);
  fleet = await startFleet(`redis://127.0.0.1:${proxy.port}`, { backgrounds: 1 });
});

/** Both gateways refuse her token, having said nothing but 200 and 503 before. */
async function refused(browser: { api(path: string): Promise<{ status: number }> }): Promise<void> {
  await waitUntil(
    () => "the token is still accepted",
    async () => {
      const { status } = await browser.api("/api/orders");
      expect([200, 401, 503]).toContain(status);
      return status === 401;
    },
  );
}

async function beginAgain(): Promise<void> {
  await recovered(fleet);
  await addAlice(fleet);
  for (const at of [fleet.a, fleet.b]) {
    const browser = await logIn(at);
    await waitUntil(
      () => "a new login's token is refused",
      async () => (await browser.api("/api/orders")).status === 200,
    );
    expect((await browser.refresh()).status).toBe(200);
  }
}

describe.skipIf(REDIS_SERVER === null)("Redis", () => {
  test("is wiped: every session of before is over, and nothing that had ended comes back", async () => {
    const browser = await logIn(fleet.a);
    // Whoever logs in now has no account left.
    const clients = fleet.background({ login: 0 });
    await clients.goesOn(100);
    const wiped = performance.now();
    await redis.command("FLUSHALL");
    await refused(browser);
    // Until the history is repaired, nothing is said of a session.
    let status = 503;
    await waitUntil(
      () => "a refresh is still unavailable",
      async () => {
        status = (await browser.refresh()).status;
        return status !== 503;
      },
    );
    expect(status).toBe(401);
    await clients.check({ wiped });
    await beginAgain();
  });

  test("is another one, that is empty: as if it had been wiped", async () => {
    const browser = await logIn(fleet.b);
    const empty = await startRedis();
    proxy.moveTo(empty.port);
    await refused(browser);
    await beginAgain();
  });

  test("is a replica, or drops records when it is full: unsuitable, until that is mended", async () => {
    const other = await startRedis();
    const replica = await startRedis({ settings: ["--replicaof", "127.0.0.1", String(other.port)] });
    const browser = await logIn(fleet.a);
    proxy.moveTo(replica.port);
    await unready(fleet, "store", ["unsuitable"]);
    expect((await browser.refresh()).status).toBe(503);
    expect((await readiness(fleet.a)).problems).toEqual([expect.stringMatching(/^The Redis at .* is a replica/)]);
    await replica.command("REPLICAOF", "NO", "ONE");
    await replica.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    proxy.moveTo(replica.port);
    await unready(fleet, "store", ["unsuitable"]);
    await replica.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await beginAgain();
  });
});
