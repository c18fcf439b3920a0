// A replica is promoted that had not received the last writes. With `minReplicas` such a write was never acknowledged; without, the
// gateways notice that the history was rolled back, write back what was lost and end it again, and let nothing pass until then.
// SECURITY: F06, F4, I1; docs/revocation.md, acknowledged means stored; behind mine.
import { beforeAll, describe, expect, test } from "vitest";
import { type GatewayPair, startGatewayPair } from "../processes/gateway-pair.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, BOB } from "../support/people.ts";
import { type ReplicatedRedis, startReplicatedRedis } from "../support/redis-replica.ts";
import { REDIS_SERVER } from "../support/redis-server.ts";
import { answers, feedOf, logged, logIn, probe, ready, sidOf } from "./feed-observers.ts";

describe.skipIf(REDIS_SERVER === null)("a failover that loses the last writes", () => {
  let redis: ReplicatedRedis;
  let pair: GatewayPair;
  beforeAll(async () => {
    redis = await startReplicatedRedis();
    pair = await startGatewayPair({ store: redis.url, revocation: { minReplicas: 0 } });
    await pair.a.addUser(ALICE.name, ALICE.password, ["user"]);
    await pair.a.addUser(BOB.name, BOB.password, ["user"]);
  });

  test("what was revoked stays revoked at every moment, ends again, and is written back", async () => {
    const ended = await logIn(pair.a, ALICE);
    const other = await logIn(pair.a, BOB);
    const bob = (await other.api("/auth/me")).json<{ user: { id: string } }>().user.id;
    const thief = ended.copy();
    redis.cutLink();
    expect((await ended.logout()).status).toBe(204);
    expect((await pair.admin(pair.b, "/revocations", { json: { target: { user: bob } } })).status).toBe(200);
    for (const gateway of [pair.a, pair.b]) {
      await answers(gateway, ended, 401);
      await answers(gateway, other, 401);
    }
    const probes = [probe([pair.a, pair.b], ended), probe([pair.a, pair.b], other)];
    await redis.failover();
    // Nothing has been written back yet: the promoted replica does not know of the logout.
    for (const gateway of [pair.a, pair.b]) await logged(gateway, /"history_repaired"/);
    for (const gateway of [pair.a, pair.b]) await ready(gateway);
    for (const { stop } of probes) {
      expect([...new Set(await stop())].filter((status) => status !== 401 && status !== 503)).toEqual([]);
    }
    const targets = (await feedOf(redis.replica)).map(({ target }) => target);
    expect(targets).toContainEqual({ kind: "session", sid: sidOf(ended) });
    expect(targets).toContainEqual({ kind: "user", sub: bob, before: expect.any(Number) });
    expect(targets.filter(({ kind }) => kind === "all")).toEqual([]);
    expect((await thief.refresh()).status).toBe(401);
    expect((await other.refresh()).status).toBe(401);
    expect(pair.a.logs()).toMatch(/"cause":"rolled_back".*"history_broken"/);
    const again = await logIn(pair.b, BOB);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, again, 200);
  });
});

describe.skipIf(REDIS_SERVER === null)("a revocation that must reach a replica", () => {
  let redis: ReplicatedRedis;
  let pair: GatewayPair;
  beforeAll(async () => {
    redis = await startReplicatedRedis();
    pair = await startGatewayPair({ store: redis.url, revocation: { minReplicas: 1 } });
    await pair.a.addUser(ALICE.name, ALICE.password, ["user"]);
  });

  test("is acknowledged when one has it, and 503 when none does, having ended all the same", async () => {
    const [first, second] = [await logIn(pair.a, ALICE), await logIn(pair.a, ALICE)];
    expect((await first.logout()).status).toBe(204);
    expect((await feedOf(redis.replica)).map(({ target }) => target)).toContainEqual({
      kind: "session",
      sid: sidOf(first),
    });
    redis.cutLink();
    const unsure = await second.logout();
    expect([unsure.status, unsure.json().code, unsure.setCookies]).toEqual([503, "outcome_unknown", []]);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, second, 401);
    expect((await feedOf(redis.replica)).map(({ target }) => target)).not.toContainEqual({
      kind: "session",
      sid: sidOf(second),
    });
    const cli = await pair.a.cli(["revoke", "--user", ALICE.name]);
    expect(cli.code).toBe(69);
    // What ends nothing waits for no replica.
    const third = await logIn(pair.a, ALICE);
    expect((await new Browser(pair.a.url).fetch("/.well-known/jwks.json")).status).toBe(200);
    expect((await third.refresh()).status).toBe(200);
  });
});
