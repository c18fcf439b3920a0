// Redis dies, answers too slowly, or hangs, while people use the gateways. Access tokens go on as long as the view may be
// trusted; what needs the store is 503 at once rather than after the client's patience; and all of it is over when Redis is back,
// with nobody logged out and nothing carried out that was answered 503.
// SECURITY: F02, F03, F12; section 1, F2; 3.4 (I1-I3).
import { beforeAll, describe, expect, test } from "vitest";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { type Answer, Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type Fleet, logIn, recovered, startFleet, unready } from "./fleet.ts";

/** Longer than the default of 150 ms, for busy machines; a client left to its defaults takes more than a minute. */
const DEADLINE = "500ms";
const AT_ONCE = 5_000;
const STALENESS = 4_000;
const FLOOD = 300;

let redis: RedisServer;
let proxy: FaultProxy;
let fleet: Fleet;
beforeAll(async () => {
  if (REDIS_SERVER === null) return;
  redis = await startRedis();
  proxy = await startFaultProxy(redis.port);
  const upstream = "orders";
  fleet = await startFleet(`redis://127.0.0.1:${proxy.port}`, {
    backgrounds: 6,
    config: {
      storeTimeout: DEADLINE,
      revocation: { maxStaleness: `${STALENESS}ms` },
      routes: [
        { path: "/api/*", upstream, access: "required" },
        { path: "/served/*", upstream, access: "required", onStale: "serve" },
      ],
    },
  });
});

/** 503 problem documents with Retry-After, soon, and no cookie touched. */
async function expectUnavailable(asked: readonly Promise<Answer>[]): Promise<void> {
  const began = performance.now();
  for (const { status, headers, setCookies, json } of await Promise.all(asked)) {
    expect([503, json().code]).toEqual([status, expect.stringMatching(/^(store_unavailable|outcome_unknown)$/)]);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect(setCookies).toEqual([]);
  }
  expect(performance.now() - began).toBeLessThan(AT_ONCE);
}

const needsTheStore = (browser: Browser): Promise<Answer>[] => [
  browser.copy().refresh(),
  browser.copy().logout(),
  new Browser(browser.origin).login(ALICE.name, ALICE.password),
];

/** The token with another key's name: by its text nobody can tell whether that key is new. */
function underUnknownKey(token: string): string {
  const [header = "", ...rest] = token.split(".");
  const named = { ...JSON.parse(Buffer.from(header, "base64url").toString()), kid: "k_none" };
  return [Buffer.from(JSON.stringify(named)).toString("base64url"), ...rest].join(".");
}

/** The store as it is, then broken, then healed: what each test is about is what happens between. */
async function whileBroken(broken: () => unknown, healed: () => unknown, during: () => Promise<void>): Promise<void> {
  const clients = fleet.background();
  await clients.goesOn();
  await broken();
  try {
    await during();
  } finally {
    await healed();
  }
  await recovered(fleet);
  await clients.goesOn();
  // What one gateway has acknowledged, the other cannot hear of meanwhile: that is what the view may be too old for.
  await clients.check({ spread: STALENESS + AT_ONCE });
}

describe.skipIf(REDIS_SERVER === null)("Redis", () => {
  test("is killed: tokens pass until the view is stale, what needs the store is 503, and all are still logged in", async () => {
    const browser = await logIn(fleet.a);
    const cookies = [...browser.cookies];
    await whileBroken(
      () => redis.kill(),
      () => redis.start(),
      async () => {
        expect((await browser.api("/api/orders", { method: "POST" })).status).toBe(200);
        await expectUnavailable(needsTheStore(browser));
        const stranger = browser.copy();
        stranger.accessToken = underUnknownKey(browser.accessToken ?? "");
        // For a second after they were read, keys are taken for all that there are.
        await waitUntil(
          () => "a token under an unknown key is not unavailable",
          async () => (await stranger.api("/api/orders")).json().code === "store_unavailable",
        );

        await unready(fleet, "view", ["stale"]);
        const stale = await browser.api("/api/orders");
        expect([stale.status, stale.json().code]).toEqual([503, "stale_view"]);
        expect((await browser.api("/served/orders")).status).toBe(200);
        await expectUnavailable(needsTheStore(browser));
      },
    );
    expect([...browser.cookies]).toEqual(cookies);
    expect((await browser.refresh()).status).toBe(200);
  });

  test.each<[string, () => void, () => void]>([
    ["answers after two seconds", () => proxy.delay(2_000), () => proxy.heal()],
    ["hangs", () => redis.pause(), () => redis.resume()],
    ["is cut off without a word", () => proxy.blackHole(), () => proxy.heal()],
  ])("%s: the breaker opens, tokens pass, and no flood waits for it", async (_, broken, healed) => {
    const browser = await logIn(fleet.b);
    await whileBroken(broken, healed, async () => {
      await expectUnavailable(needsTheStore(browser));
      await unready(fleet, "store", ["breaker_open"]);
      const flood = Array.from({ length: FLOOD }, () => browser.copy().refresh());
      expect((await browser.api("/api/orders")).status).toBe(200);
      await expectUnavailable(flood);
    });
    // The flood was never sent, and is not now.
    const renewed = await browser.refresh();
    expect(renewed.status).toBe(200);
  });

  test("is back, and still loading what it had stored: as if it were away", async () => {
    const browser = await logIn(fleet.b);
    let loading: Promise<void> = Promise.resolve();
    await whileBroken(
      async () => {
        // It answers while it loads a snapshot, and not while it repeats commands.
        await redis.command("BGREWRITEAOF");
        await waitUntil(
          () => "the server does not write its snapshot",
          async () => /aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(String(await redis.command("INFO"))),
        );
        await redis.kill();
        loading = redis.start(["--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024"]);
        await waitUntil(
          () => "the server does not load",
          async () => String(await redis.command("PING").catch((error: Error) => error.message)).startsWith("LOADING"),
        );
      },
      async () => {
        await redis.command("CONFIG", "SET", "key-load-delay", 0);
        await loading;
      },
      async () => {
        await expectUnavailable(needsTheStore(browser));
        expect((await browser.api("/api/orders")).status).toBe(200);
        expect(await redis.command("PING").catch((error: Error) => error.message)).toMatch(/^LOADING/);
      },
    );
    expect((await browser.refresh()).status).toBe(200);
  });

  test("is kept busy by a script: as if it hung", async () => {
    const browser = await logIn(fleet.a);
    await redis.command("CONFIG", "SET", "busy-reply-threshold", 50);
    let busy: Promise<unknown> = Promise.resolve();
    await whileBroken(
      () => {
        busy = redis.command("EVAL", "while true do end", 0).catch((error: unknown) => error);
      },
      async () => {
        await redis.command("SCRIPT", "KILL");
        await busy;
      },
      async () => {
        await unready(fleet, "store", ["breaker_open"]);
        await expectUnavailable(needsTheStore(browser));
        expect((await browser.api("/api/orders")).status).toBe(200);
      },
    );
    expect((await browser.refresh()).status).toBe(200);
  });
});
