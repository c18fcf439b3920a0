// Everybody at once: fifty tabs at each of two gateways show one refresh token, again and again; and a logout races a refresh.
// There is one successor, and after a logout there is none. A thousand rounds: POSTERN_TEST_ROUNDS=1000.
// SECURITY: F16, F33; RT3 (CVE-2026-1035); docs/sessions.md, rules 1 and 7.
import { beforeAll, describe, expect, test } from "vitest";
import { refreshAt, successorOf } from "../processes/gateway-pair.ts";
import { Browser } from "../support/http-client.ts";
import { REDIS_SERVER, startRedis } from "../support/redis-server.ts";
import { type Fleet, startFleet } from "./fleet.ts";

const ROUNDS = Number(process.env.POSTERN_TEST_ROUNDS ?? 100);
const TABS = 50;
const LOGOUTS = 50;

let fleet: Fleet;
beforeAll(async () => {
  if (REDIS_SERVER === null) return;
  const redis = await startRedis();
  fleet = await startFleet(redis.url, { spare: ROUNDS + LOGOUTS, config: { storeTimeout: "30s" } });
});

describe.skipIf(REDIS_SERVER === null)("at two gateways at once", () => {
  test(`${TABS} refreshes each with one token: one successor, ${ROUNDS} times`, { timeout: 600_000 }, async () => {
    const { a, b } = fleet;
    const successors = new Set<string>();
    for (const { refreshToken } of fleet.spare.slice(0, ROUNDS)) {
      const shown = Array.from({ length: 2 * TABS }, (_, tab) => refreshAt(tab % 2 === 0 ? a : b, refreshToken));
      const answers = await Promise.all(shown);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      const distinct = new Set(answers.map(successorOf));
      expect(distinct.size).toBe(1);
      for (const successor of distinct) successors.add(successor);
    }
    expect(successors.size).toBe(ROUNDS);
    expect(fleet.spare.some(({ refreshToken }) => successors.has(refreshToken))).toBe(false);
  });

  test("a logout and refreshes: whichever comes first, the session is over", async () => {
    const { a, b } = fleet;
    let wonBy = { refresh: 0, logout: 0 };
    for (const [round, { refreshToken }] of fleet.spare.slice(ROUNDS).entries()) {
      const json = { refresh_token: refreshToken };
      const logout = () => new Browser(b.url).fetch("/auth/logout", { json });
      // Who comes first is certain in the first two rounds; in all others they race.
      const first = round === 0 ? await logout() : null;
      const before = round === 1 ? await refreshAt(a, refreshToken) : null;
      const [refreshed, ended, after] = await Promise.all([
        before ?? refreshAt(a, refreshToken),
        first ?? logout(),
        refreshAt(b, refreshToken),
      ]);
      expect(ended.status).toBe(204);
      const granted = [refreshed, after].filter(({ status }) => status === 200);
      const refused = [refreshed, after].filter(({ status }) => status !== 200);
      for (const answer of refused) expect([answer.status, answer.json().code]).toEqual([401, "session_ended"]);
      for (const answer of granted) expect((await refreshAt(a, successorOf(answer))).status).toBe(401);
      expect((await refreshAt(b, refreshToken)).status).toBe(401);
      wonBy = { refresh: wonBy.refresh + granted.length, logout: wonBy.logout + refused.length };
    }
    // Both ways have been gone, whoever won the races.
    expect(wonBy.refresh).toBeGreaterThan(0);
    expect(wonBy.logout).toBeGreaterThan(0);
  });
});
