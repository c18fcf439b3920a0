// Between a gateway and Redis one answer is lost, one request, or one is held up; or the gateway dies waiting. Whatever of it was
// carried out: the client asks again with the token that it has, at either gateway, and goes on with the one successor.
// SECURITY: F04, F05, F17; section 1, F3; docs/sessions.md, rules 1 and 8.
import { beforeAll, describe, expect, test } from "vitest";
import { refreshAt, successorOf } from "../processes/gateway-pair.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import type { Answer } from "../support/http-client.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import type { SeededSession } from "../support/seeded-sessions.ts";
import { type Fleet, recovered, startFleet } from "./fleet.ts";

let redis: RedisServer;
let proxy: FaultProxy;
let fleet: Fleet;
const sessions: SeededSession[] = [];
beforeAll(async () => {
  if (REDIS_SERVER === null) return;
  redis = await startRedis();
  proxy = await startFaultProxy(redis.port);
  fleet = await startFleet(`redis://127.0.0.1:${proxy.port}`, { backgrounds: 2, spare: 6 });
  sessions.push(...fleet.spare);
  // Redis is asked for a script by its hash; what is lost below is to be an answer, not that the script is new to it.
  await refreshAt(fleet.a, session().refreshToken);
});

function session(): SeededSession {
  const next = sessions.pop();
  if (next === undefined) throw new Error("no session is left");
  return next;
}

/** The session's generation as Redis has it. */
async function generationOf({ sub, sid }: SeededSession): Promise<number> {
  const [key] = (await redis.command("KEYS", `postern:{*}:session:${sid}`)) as readonly string[];
  expect(key, sub).toBeDefined();
  return Number(await redis.command("HGET", String(key), "generation"));
}

function expectInDoubt({ status, setCookies, json }: Answer): void {
  expect([status, json().code, setCookies]).toEqual([503, "outcome_unknown", []]);
}

/** The token shown again at both gateways, and then its successor: nothing has been lost. */
async function expectOneSuccessor({ refreshToken, sid }: SeededSession): Promise<void> {
  await recovered(fleet);
  const answers = [await refreshAt(fleet.b, refreshToken), await refreshAt(fleet.a, refreshToken)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const [successor, ...others] = new Set(answers.map(successorOf));
  expect(others).toEqual([]);
  expect(successor).not.toBe(refreshToken);
  expect((await refreshAt(fleet.a, successor ?? "")).status).toBe(200);
  expect(successor).toContain(sid);
}

describe.skipIf(REDIS_SERVER === null)("a refresh", () => {
  test("whose answer is lost was made: the same token gets the successor", async () => {
    const clients = fleet.background();
    const lost = session();
    const executed = proxy.loseReply(lost.sid);
    expectInDoubt(await refreshAt(fleet.a, lost.refreshToken));
    await executed;
    expect(await generationOf(lost)).toBe(1);
    await expectOneSuccessor(lost);
    expect(await generationOf(lost)).toBe(1);
    await clients.goesOn();
    await clients.check();
  });

  test("whose answer is lost twice was made once", async () => {
    const lost = session();
    for (const at of [fleet.a, fleet.b]) {
      await recovered(fleet);
      const executed = proxy.loseReply(lost.sid);
      expectInDoubt(await refreshAt(at, lost.refreshToken));
      await executed;
    }
    expect(await generationOf(lost)).toBe(1);
    await expectOneSuccessor(lost);
  });

  test("whose connection is reset before it arrives was not made", async () => {
    const clients = fleet.background();
    const reset = session();
    const done = proxy.loseRequest(reset.sid);
    expectInDoubt(await refreshAt(fleet.a, reset.refreshToken));
    await done;
    expect(await generationOf(reset)).toBe(0);
    await expectOneSuccessor(reset);
    await clients.goesOn();
    await clients.check();
  });

  test("that is held up until its time is over changes nothing when it comes", async () => {
    const late = session();
    const { held, release } = proxy.hold(late.sid);
    const answer = refreshAt(fleet.a, late.refreshToken);
    await held;
    expectInDoubt(await answer);
    const before = String(await redis.command("INFO", "commandstats"));
    await release();
    expect(scriptsRun(String(await redis.command("INFO", "commandstats")))).toBeGreaterThan(scriptsRun(before));
    expect(await generationOf(late)).toBe(0);
    await expectOneSuccessor(late);
  });

  test("whose gateway is killed before it hears: the other one answers with the successor", async () => {
    const orphan = session();
    const victim = await fleet.another();
    const executed = proxy.keepReply(orphan.sid);
    const answer = refreshAt(victim, orphan.refreshToken);
    const broken = expect(answer).rejects.toThrow();
    await executed;
    await victim.kill();
    await broken;
    expect(await generationOf(orphan)).toBe(1);
    await expectOneSuccessor(orphan);
  });
});

const scriptsRun = (stats: string): number => Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);
