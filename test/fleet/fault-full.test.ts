// Redis has no memory left, or has forgotten its scripts. What must be written is 503, what is read goes on, and nobody notices
// that scripts are sent anew.
// SECURITY: F10, F11.
import { beforeAll, describe, expect, test } from "vitest";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type Fleet, logIn, readiness, recovered, startFleet } from "./fleet.ts";

let redis: RedisServer;
let fleet: Fleet;
beforeAll(async () => {
  if (REDIS_SERVER === null) return;
  redis = await startRedis();
  fleet = await startFleet(redis.url, { backgrounds: 2 });
});

describe.skipIf(REDIS_SERVER === null)("Redis", () => {
  test("is full: writes are 503 and undo nothing, reads are fine", async () => {
    const browser = await logIn(fleet.a);
    const clients = fleet.background();
    await clients.goesOn();
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    for (let attempt = 0; attempt < 10; attempt++) {
      const refused = await browser.copy().refresh();
      expect([refused.status, refused.json().code, refused.setCookies]).toEqual([503, "store_unavailable", []]);
      expect((await browser.api("/auth/sessions")).status).toBe(200);
    }
    expect((await browser.logout()).status).toBe(503);
    expect((await browser.api("/api/orders")).status).toBe(200);
    expect((await readiness(fleet.a)).checks.store).toBe("ok");
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await recovered(fleet);
    await clients.goesOn();
    await clients.check();
    expect((await browser.refresh()).status).toBe(200);
  });

  test("has forgotten its scripts, again and again: no client notices", async () => {
    const clients = fleet.background();
    let rounds = 0;
    await waitUntil(
      () => "the clients do not get on",
      async () => {
        await redis.command("SCRIPT", "FLUSH", "SYNC");
        rounds++;
        return clients.history.length > 200 && rounds > 20;
      },
    );
    await clients.check({ outage: false });
  });
});
