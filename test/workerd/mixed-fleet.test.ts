import { errors } from "undici";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { type Answer, Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

const ISSUER = "https://app.example.com";
/** Milliseconds within which the Worker refuses what was revoked elsewhere, with some for the asking. */
const BOUND = 2_000;
/** How long tokens pass without news of the store. */
const MAX_STALENESS = 4_000;

describe.skipIf(REDIS_SERVER === null)("gateways on Node and on Workers over one Redis", () => {
  let redis: RedisServer;
  let fault: FaultProxy;
  let node: GatewayProcess;
  let worker: WorkerProcess;

  beforeAll(async () => {
    redis = await startRedis();
    fault = await startFaultProxy(redis.port);
    const upstream = await startDemoUpstream();
    const config = {
      issuer: ISSUER,
      roles: ROLES,
      storeTimeout: "1s",
      revocation: { maxStaleness: `${MAX_STALENESS}ms` },
      upstreams: { orders: { targets: [upstream.url] } },
      routes: [
        { path: "/api/*", upstream: "orders" },
        { path: "/public/*", upstream: "orders", access: "public" },
      ],
    };
    node = await startGateway({ ...config, store: redis.url });
    worker = await startWorker(
      { ...config, store: `redis://127.0.0.1:${fault.port}` },
      {
        entry: new URL("../support/worker-redis-entry.ts", import.meta.url).pathname,
        objects: { POSTERN_REDIS: "PosternRedis" },
        env: { POSTERN_SECRET: node.env.POSTERN_SECRET ?? "" },
      },
    );
    await node.addUser(ALICE.name, ALICE.password, ["user"]);
  });

  beforeEach(async () => {
    fault.heal();
    await settled("ok");
  });

  async function loggedInAt(url: string): Promise<Browser> {
    const browser = new Browser(url);
    expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
    return browser;
  }

  /** The same browser, whose next requests come to the other gateway. */
  function at(url: string, { cookies, accessToken }: Browser): Browser {
    const moved = new Browser(url);
    for (const [name, value] of cookies) moved.cookies.set(name, value);
    moved.accessToken = accessToken;
    return moved;
  }

  const outcome = (answer: Answer): string => (answer.status === 200 ? "ok" : String(answer.json().code));

  /** `cut`: an answer that was under way when its token was revoked. */
  const call = async (browser: Browser): Promise<string> => {
    try {
      return outcome(await browser.api("/api/orders"));
    } catch (error) {
      if (error instanceof errors.SocketError) return "cut";
      throw error;
    }
  };

  async function becomes(browser: Browser, expected: string, patience = BOUND): Promise<void> {
    let last = "nothing";
    await waitUntil(
      () => `${browser.origin} says ${last}, not ${expected}`,
      async () => {
        last = await call(browser);
        return last === expected;
      },
      patience,
    );
  }

  /** Until both say so of a token that nobody revokes. */
  async function settled(expected: string): Promise<void> {
    await waitUntil(
      () => `the Worker is not ${expected} again; it wrote:\n${worker.logs().slice(-2_000)}`,
      async () => (await fetch(`${worker.url}/readyz`)).status === (expected === "ok" ? 200 : 503),
      20_000,
    );
  }

  test("a login at the Worker is renewed on Node, and ended there for both", async () => {
    const first = await loggedInAt(worker.url);
    expect(await call(first)).toBe("ok");
    const second = at(node.url, first);
    expect(await call(second)).toBe("ok");
    expect((await second.refresh()).status).toBe(200);
    const third = at(worker.url, second);
    expect(await call(third)).toBe("ok");
    expect((await second.logout()).status).toBe(204);
    await becomes(third, "token_revoked");
    expect(outcome(await third.refresh())).toBe("session_ended");
  });

  test("a login on Node is renewed at the Worker, and ended there for both", async () => {
    const first = await loggedInAt(node.url);
    const second = at(worker.url, first);
    expect(await call(second)).toBe("ok");
    expect((await second.refresh()).status).toBe(200);
    const third = at(node.url, second);
    expect(await call(third)).toBe("ok");
    expect((await second.logout()).status).toBe(204);
    expect(await call(second)).toBe("token_revoked");
    await becomes(third, "token_revoked");
  });

  test("many requests at once with one refresh token at both get one successor", async () => {
    const browser = await loggedInAt(node.url);
    // The token has to be older than its grace for a rotation; kept or not, all of them are given the same.
    const urls = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? node.url : worker.url));
    const twins = urls.map((url) => at(url, browser));
    const answers = await Promise.all(twins.map((twin) => twin.refresh()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(twins.map((twin) => [...twin.cookies.values()].join()))).toHaveProperty("size", 1);
  });

  test("both are among the fleet's nodes, and a revocation is waited for at both", async () => {
    const browser = at(worker.url, await loggedInAt(node.url));
    expect(await call(browser)).toBe("ok");
    const asking = new AbortController();
    const traffic = (async () => {
      while (!asking.signal.aborted) await call(browser);
    })();
    const { code, stdout, stderr } = await node.cli(["revoke", "--user", ALICE.name, "--wait", "--json"]);
    asking.abort();
    await traffic;
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ missing: [] });
    expect(JSON.parse(stdout).reached.length).toBeGreaterThanOrEqual(2);
    expect(await call(browser)).toBe("token_revoked");
  });

  test.each([
    ["gone", () => fault.cut()],
    ["silent", () => fault.blackHole()],
  ])(
    "with Redis %s verified tokens pass for a while, what needs it is 503, and no cookie is touched",
    async (_, fail) => {
      const browser = await loggedInAt(worker.url);
      expect(await call(browser)).toBe("ok");
      const cookies = [...browser.cookies];
      fail();
      expect(await call(browser)).toBe("ok");
      const refused = await browser.refresh();
      expect([refused.status, refused.setCookies]).toEqual([503, []]);
      expect(refused.headers).toHaveProperty("retry-after");
      expect(["store_unavailable", "outcome_unknown"]).toContain(refused.json().code);
      expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(503);
      await becomes(browser, "stale_view", 3 * MAX_STALENESS);
      expect((await browser.fetch("/public/orders")).status).toBe(200);
      fault.heal();
      await becomes(browser, "ok", 20_000);
      expect([...browser.cookies]).toEqual(cookies);
      await waitUntil(
        () => "the Worker does not renew again",
        async () => (await browser.refresh()).status === 200,
        20_000,
      );
    },
    60_000,
  );

  test("with Redis slow the answers are the same, later", async () => {
    const browser = await loggedInAt(worker.url);
    fault.delay(100);
    expect(await call(browser)).toBe("ok");
    expect((await browser.refresh()).status).toBe(200);
    expect((await browser.logout()).status).toBe(204);
    expect(await call(browser)).toBe("token_revoked");
  });

  test("after a wipe nothing from before passes, and new logins work once there are accounts", async () => {
    const ended = await loggedInAt(worker.url);
    const live = await loggedInAt(worker.url);
    await ended.logout();
    expect([await call(ended), await call(live)]).toEqual(["token_revoked", "ok"]);
    await redis.command("FLUSHALL");
    await becomes(live, "token_revoked", 10_000);
    expect(await call(ended)).toBe("token_revoked");
    expect(outcome(await live.refresh())).toBe("session_ended");
    await settled("ok");
    await node.addUser(ALICE.name, ALICE.password, ["user"]);
    expect(await call(await loggedInAt(worker.url))).toBe("ok");
    expect(await call(ended)).toBe("token_revoked");
  });
});
