// The gateways are started before their Redis. They answer what needs none, refuse the rest without a 401, and serve within
// moments of its coming, without being started again.
// SECURITY: F01.
import { describe, expect, test } from "vitest";
import { startPairOn } from "../processes/gateway-pair.ts";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { Browser } from "../support/http-client.ts";
import { REDIS_SERVER, startRedis } from "../support/redis-server.ts";
import { addAlice, logIn, readiness, recovered } from "./fleet.ts";

describe.skipIf(REDIS_SERVER === null)("without Redis at the start", () => {
  test("public routes are served, all else is 503; with it, both serve", async () => {
    const redis = await startRedis({ stopped: true });
    const upstream = await startDemoUpstream();
    const config = {
      upstreams: { orders: { targets: [upstream.url] } },
      routes: [
        { path: "/api/*", upstream: "orders", access: "required" },
        { path: "/open/*", upstream: "orders", access: "public" },
      ],
    };
    const pair = await startPairOn({ kind: "redis", url: redis.url }, { config, unready: true });
    for (const at of [pair.a, pair.b]) {
      const browser = new Browser(at.url);
      expect((await new Browser(at.operationsUrl).fetch("/healthz")).status).toBe(200);
      expect(await readiness(at)).toMatchObject({ status: 503, checks: { view: "catching_up", keys: "missing" } });
      expect((await browser.fetch("/open/door")).status).toBe(200);
      for (const refused of [
        await browser.fetch("/api/orders"),
        await browser.login("alice", "whatever she says"),
        await browser.fetch("/api/orders", { headers: { authorization: "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AA" } }),
      ]) {
        expect([refused.status, refused.setCookies]).toEqual([503, []]);
        expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
      }
    }

    await redis.start();
    await recovered(pair);
    await addAlice(pair);
    const browser = await logIn(pair.b);
    expect((await browser.api("/api/orders")).status).toBe(200);
  });
});
