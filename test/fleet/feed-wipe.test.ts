// A Redis that loses everything under two running gateways (FLUSHALL, then a partition alone): what was revoked stays refused at every
// moment, what was issued before is refused, the gateways write back what they hold, and the operator is told.
// SECURITY: F08, F11, I1; docs/revocation.md, wiped or rolled back.
import { beforeAll, describe, expect, test } from "vitest";
import { type GatewayPair, startGatewayPair } from "../processes/gateway-pair.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, BOB } from "../support/people.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { answers, feedOf, logIn, probe, ready, sidOf } from "./feed-observers.ts";

const JTI = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

describe.skipIf(REDIS_SERVER === null)("a wiped Redis under two gateways", () => {
  let redis: RedisServer;
  let pair: GatewayPair;
  let alice: Browser;
  let revoked: Browser;

  beforeAll(async () => {
    redis = await startRedis();
    pair = await startGatewayPair({ store: redis.url });
    await pair.a.addUser(ALICE.name, ALICE.password, ["user"]);
    alice = await logIn(pair.a, ALICE);
    revoked = await logIn(pair.a, ALICE);
    expect((await revoked.logout()).status).toBe(204);
    expect((await pair.admin(pair.a, "/revocations", { json: { target: { jti: JTI } } })).status).toBe(200);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, revoked, 401);
  });

  test("FLUSHALL: revoked stays revoked throughout, everything of before ends, and it is written back", async () => {
    const keys = await kidsOf(pair.a);
    const probes = probe([pair.a, pair.b], revoked);
    await redis.command("FLUSHALL");
    for (const gateway of [pair.a, pair.b]) await answers(gateway, alice, 401);
    for (const gateway of [pair.a, pair.b]) await ready(gateway);
    const seen = await probes.stop();
    expect([...new Set(seen)].filter((status) => status !== 401 && status !== 503)).toEqual([]);
    expect(seen.length).toBeGreaterThan(10);

    // A refresh finds no session: refused, and the cookie is left alone.
    const refreshed = await alice.copy().refresh();
    expect([refreshed.status, refreshed.setCookies]).toEqual([401, []]);

    const targets = (await feedOf(redis)).map(({ target }) => target);
    expect(targets).toContainEqual({ kind: "token", jti: JTI });
    expect(targets).toContainEqual({ kind: "session", sid: sidOf(revoked) });
    expect(targets.filter(({ kind }) => kind === "all").length).toBeGreaterThanOrEqual(16);
    expect(await kidsOf(pair.b)).toEqual(expect.arrayContaining([...keys]));
    expect(await redis.command("ZRANGE", "postern:{p00}:keys", "0", "-1")).toEqual(expect.arrayContaining([...keys]));
  });

  test("the operator is told, in the log and in the audit trail", async () => {
    for (const { logs } of [pair.a, pair.b]) {
      expect(logs()).toMatch(/"cause":"epoch_mismatch".*"history_broken"/);
      expect(logs()).toMatch(/"cause":"epoch_mismatch","restored":\d+.*"history_repaired"/);
    }
    const { stdout } = await pair.a.cli(["audit", "--json"]);
    expect(stdout).toContain('"history_repaired"');
  });

  test("new logins work once accounts are restored, at both gateways, and revocations go on", async () => {
    await pair.a.addUser(BOB.name, BOB.password, ["user"]);
    const bob = await logIn(pair.b, BOB);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, bob, 200);
    expect((await bob.refresh()).status).toBe(200);
    expect((await bob.logout()).status).toBe(204);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, bob, 401);
  });

  test("a gateway that starts after the wipe knows what the others wrote back", async () => {
    const late = await pair.another();
    await answers(late, revoked, 401);
    await answers(late, alice, 401);
    await late.stop();
  });

  test("a partition that is lost alone: every token of before is refused, sessions elsewhere go on", async () => {
    const bob = await logIn(pair.a, BOB);
    const partition = await partitionOfSession(redis, sidOf(bob));
    const other = partition === 5 ? "06" : "05";
    await redis.command("DEL", `postern:{p${other}}:meta`, `postern:{p${other}}:feed`);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, bob, 401);
    for (const gateway of [pair.a, pair.b]) await ready(gateway);
    expect((await bob.refresh()).status).toBe(200);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, bob, 200);
  });

  test("a revocation that waits returns when every gateway's receipt has passed it", async () => {
    const bob = await logIn(pair.a, BOB);
    const { code, stdout } = await pair.b.cli(["revoke", "--session", sidOf(bob), "--wait", "--json"]);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { reached: { length: 2 }, missing: [] }]);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, bob, 401);
    const nodes = await pair.a.cli(["nodes", "--json"]);
    expect(JSON.parse(nodes.stdout)).toHaveProperty("nodes.length", 2);
  });

  test("SCRIPT FLUSH: nobody notices", async () => {
    const bob = await logIn(pair.a, BOB);
    await redis.command("SCRIPT", "FLUSH");
    expect((await bob.refresh()).status).toBe(200);
    expect((await bob.logout()).status).toBe(204);
    for (const gateway of [pair.a, pair.b]) {
      await answers(gateway, bob, 401);
      await ready(gateway);
    }
  });
});

async function kidsOf(gateway: GatewayProcess): Promise<readonly string[]> {
  const { keys } = (await new Browser(gateway.url).fetch("/.well-known/jwks.json")).json<{ keys: { kid: string }[] }>();
  return keys.map(({ kid }) => kid);
}

async function partitionOfSession(redis: RedisServer, sid: string): Promise<number> {
  for (let at = 0; at < 16; at++) {
    const key = `postern:{p${String(at).padStart(2, "0")}}:session:${sid}`;
    if ((await redis.command("EXISTS", key)) === 1) return at;
  }
  throw new Error("the session is in no partition");
}
