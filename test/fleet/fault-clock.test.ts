// A gateway whose clock is wrong, beside one whose clock is right: within half a minute nobody notices and a revoked token stays
// refused for as long as any gateway would take it; further off the gateway is not ready, and takes no token that has expired. A clock
// that steps back while it runs locks nobody out. The same for the store's clock: test/contract, "the clock set back".
// SECURITY: F13, F14, F15.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { REDIS_SERVER, startRedis } from "../support/redis-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { answers } from "./feed-observers.ts";
import { type Fleet, logIn, readiness, recoveredAt, startFleet, unreadyAt } from "./fleet.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const MOVED_CLOCK = new URL("../support/moved-clock.ts", import.meta.url).href;
const TTL = 4;

interface MovedGateway extends GatewayProcess {
  /** Moves its clock to so many milliseconds beside the machine's. */
  moveClock(offset: number): Promise<void>;
}

describe.skipIf(REDIS_SERVER === null)("a gateway's clock", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    const redis = await startRedis();
    fleet = await startFleet(redis.url, {
      config: { tokens: { access: { ttl: `${TTL}s` }, refresh: { grace: "60s" } } },
    });
  });

  async function movedGateway(offset: number, unready = false): Promise<MovedGateway> {
    const file = join(await tempDir(), "offset");
    await writeFile(file, String(offset));
    const env = { MOVED_CLOCK_FILE: file, NODE_OPTIONS: `--import=${MOVED_CLOCK}` };
    const gateway = await fleet.another({ env, unready });
    return { ...gateway, moveClock: (to) => writeFile(file, String(to)) };
  }

  async function shown(at: GatewayProcess, { accessToken }: Browser): Promise<{ status: number; code: unknown }> {
    const browser = new Browser(at.url);
    browser.accessToken = accessToken;
    const { status, headers, json } = await browser.api("/api/orders");
    return { status, code: headers["content-type"] === "application/problem+json" ? json().code : null };
  }

  test.each([-25, 25])("%i s off: ready, and its tokens and the others' pass everywhere", async (seconds) => {
    const moved = await movedGateway(seconds * SECOND);
    expect(await readiness(moved)).toMatchObject({ status: 200, checks: { clock: "ok" } });
    const [here, there] = [await logIn(moved), await logIn(fleet.a)];
    // Ahead, it takes a token of a few seconds for one that has expired.
    const own = seconds > 0 ? { status: 401, code: "token_expired" } : { status: 200, code: null };
    for (const browser of [here, there]) {
      expect(await shown(moved, browser)).toEqual(own);
      expect((await browser.refresh()).status).toBe(200);
      expect(await shown(fleet.a, browser)).toEqual({ status: 200, code: null });
    }
    expect((await here.logout()).status).toBe(204);
    await answers(fleet.a, here, 401);
    await moved.stop();
  });

  test("behind, and started when others have seen it expire: a revoked token is still refused", async () => {
    const [ended, alive] = [await logIn(fleet.a), await logIn(fleet.a)];
    expect((await ended.copy().logout()).status).toBe(204);
    await answers(fleet.a, alive, 401);
    // Long enough for the entry's tokens, too; and who publishes clears away what nobody needs.
    const last = await logIn(fleet.a);
    await answers(fleet.a, last, 401);
    expect(await shown(fleet.a, last)).toEqual({ status: 401, code: "token_expired" });
    expect((await last.logout()).status).toBe(204);
    const behind = await movedGateway(-25 * SECOND);
    expect(await shown(behind, alive)).toEqual({ status: 200, code: null });
    expect(await shown(behind, ended)).toEqual({ status: 401, code: "token_revoked" });
    await behind.stop();
  });

  test.each([-300, 300])(
    "%i s off: not ready, with the reason, and no token passes that should not",
    async (seconds) => {
      const moved = await movedGateway(seconds * SECOND, true);
      await unreadyAt([moved], "clock", ["off"]);
      const { problems } = await readiness(moved);
      expect(problems).toEqual([expect.stringMatching(/clock is (?:29\d|30\d) s (?:behind|ahead of) the store's/)]);
      const fresh = await logIn(fleet.a);
      expect((await shown(moved, fresh)).status).toBe(401);
      await moved.stop();
    },
  );

  test("that steps back an hour: not ready, limits lock for no longer, and all is well when it is right again", async () => {
    const moved = await movedGateway(0);
    const browser = await logIn(moved);
    await moved.moveClock(-HOUR);
    await unreadyAt([moved], "clock", ["off"]);
    // Sessions end by the store's clock.
    const refreshed = await browser.refresh();
    expect(refreshed.status).toBe(200);
    const maxAge = Number(/Max-Age=(\d+)/.exec(refreshed.setCookies[0] ?? "")?.[1]);
    expect(maxAge).toBeGreaterThan(0);
    expect(maxAge).toBeLessThanOrEqual(90 * 24 * 3_600);
    const guess = () => new Browser(moved.url).login(ALICE.name, "not her password at all");
    let answer = await guess();
    for (let guesses = 1; guesses < 20 && answer.status === 401; guesses++) answer = await guess();
    expect(answer.status).toBe(429);
    expect(Number(answer.headers["retry-after"])).toBeLessThanOrEqual(900);
    await moved.moveClock(0);
    await recoveredAt([moved]);
    await browser.refresh();
    await answers(moved, browser, 200);
    await moved.stop();
  });
});
