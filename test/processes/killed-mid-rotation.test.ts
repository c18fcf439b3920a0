// A gateway is killed outright (kill -9) while it renews many sessions: some rotations are stored and their answers never
// leave. Every client shows the same token at the other gateway, gets the same successor, and stays logged in.
// SECURITY: RT4, F17.
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import type { SeededSession } from "../support/seeded-sessions.ts";
import { type FilePair, refreshAt, startGatewayPair, successorOf } from "./gateway-pair.ts";

const AT_ONCE = 150;
const ATTEMPTS = 6;

let pair: FilePair;
beforeAll(async () => {
  pair = await startGatewayPair({ storeTimeout: "30s" }, AT_ONCE * ATTEMPTS);
});

/** Session id to generation, as the database file has them. */
function openGenerations(file: string): { count(): number; of(sid: string): number } {
  const db = new DatabaseSync(file, { readOnly: true });
  onTestFinished(() => db.close());
  const count = db.prepare("SELECT count(*) AS n FROM sessions WHERE generation > 0");
  const of = db.prepare("SELECT generation FROM sessions WHERE sid = ?");
  return { count: () => Number(count.get()?.n), of: (sid) => Number(of.get(sid)?.generation) };
}

/** Renews all at once and kills the gateway as soon as the file shows a rotation; sid to successor where an answer came. */
async function killAmid(
  victim: GatewayProcess,
  sessions: readonly SeededSession[],
  rotated: () => number,
): Promise<ReadonlyMap<string, string>> {
  const before = rotated();
  const asked = sessions.map(async ({ sid, refreshToken }) => {
    const answer = await refreshAt(victim, refreshToken);
    expect(answer.status).toBe(200);
    return [sid, successorOf(answer)] as const;
  });
  const settled = Promise.allSettled(asked);
  while (rotated() === before) await nextTurn();
  await victim.kill();
  return new Map((await settled).flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])));
}

test("the same token at the other gateway: the same successor, and the session lives", async () => {
  const { b } = pair;
  const generations = openGenerations(pair.file);
  let victim = pair.a;
  let unanswered = 0;
  for (let attempt = 0; attempt < ATTEMPTS && unanswered === 0; attempt++) {
    if (attempt > 0) victim = await pair.another();
    const sessions = pair.sessions.slice(attempt * AT_ONCE, (attempt + 1) * AT_ONCE);
    const answered = await killAmid(victim, sessions, generations.count);
    unanswered = sessions.filter(({ sid }) => generations.of(sid) === 1 && !answered.has(sid)).length;

    for (const { sid, refreshToken } of sessions) {
      const first = await refreshAt(b, refreshToken);
      expect(first.status).toBe(200);
      const successor = successorOf(first);
      expect(successor).toBe(answered.get(sid) ?? successor);
      expect(successorOf(await refreshAt(b, refreshToken))).toBe(successor);
      expect(successorOf(await refreshAt(b, successor))).toBe(successor);
      expect(generations.of(sid)).toBe(1);
    }
  }
  // Otherwise nothing was in the middle of anything, and nothing has been shown.
  expect(unanswered).toBeGreaterThan(0);
});
