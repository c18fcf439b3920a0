// Fifty tabs wake up at once and show one refresh token to two gateways. One rotation may happen; all of them must get the one
// successor, and nobody may be logged out. Two hundred times over.
// SECURITY: RT3 (CVE-2026-1035), F16.
import { beforeAll, expect, test } from "vitest";
import { type GatewayPair, refreshAt, startGatewayPair, successorOf } from "./gateway-pair.ts";

const ROUNDS = 200;
const AT_ONCE = 50;

let pair: GatewayPair;
beforeAll(async () => {
  pair = await startGatewayPair({ storeTimeout: "30s" }, ROUNDS);
});

test("50 refreshes at once over two processes: one distinct successor, no session lost, 200 rounds", async () => {
  const { a, b, sessions } = pair;
  const successors = new Set<string>();
  for (const { refreshToken } of sessions) {
    const shown = Array.from({ length: AT_ONCE }, (_, tab) => refreshAt(tab % 2 === 0 ? a : b, refreshToken));
    const answers = await Promise.all(shown);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const distinct = new Set(answers.map(successorOf));
    expect(distinct.size).toBe(1);
    for (const successor of distinct) {
      expect(successor).not.toBe(refreshToken);
      successors.add(successor);
    }
  }
  expect(successors.size).toBe(ROUNDS);

  const alive = await Promise.all([...successors].map((token, index) => refreshAt(index % 2 === 0 ? b : a, token)));
  expect(new Set(alive.map(({ status }) => status))).toEqual(new Set([200]));
  const listed = await pair.admin(a, `/users/${sessions[0]?.sub}/sessions`);
  expect(listed.json<{ sessions: unknown[] }>().sessions).toHaveLength(ROUNDS);
});
