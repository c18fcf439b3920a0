// For a while two Redis servers take writes for one store: a replica was promoted while its old primary went on. A gateway that followed
// the old one and comes to the new one has missed what was ended there meanwhile, although numbers go on and times are later. And an
// address that leads to a Redis that is none of this store's, and back again.
// SECURITY: F06, F08, F4, I1; docs/adr/0005-the-denylist-on-redis.md.
import { beforeAll, describe, expect, test } from "vitest";
import { openRedis } from "../../src/runtime/redis/store.ts";
import type { Store } from "../../src/stores/store.ts";
import { CLI } from "../contract/subject.ts";
import { type GatewayPair, startPairOn } from "../processes/gateway-pair.ts";
import type { Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { type ReplicatedRedis, replicated, startReplicatedRedis } from "../support/redis-replica.ts";
import { REDIS_SERVER, startRedis } from "../support/redis-server.ts";
import { answers, feedOf, logged, logIn, probe, ready, sidOf } from "./feed-observers.ts";

describe.skipIf(REDIS_SERVER === null)("a store of which there were two", () => {
  let redis: ReplicatedRedis;
  let pair: GatewayPair;
  let sub: string;
  beforeAll(async () => {
    redis = await startReplicatedRedis();
    pair = await startPairOn({ kind: "redis", url: redis.url });
    await pair.a.addUser(ALICE.name, ALICE.password, ["user"]);
    const { user } = (await (await logIn(pair.a, ALICE)).api("/auth/me")).json<{ user: { id: string } }>();
    sub = user.id;
  });

  test("what was ended on the one that is left is refused, and what was ended on the other is ended again", async () => {
    const [there, here, later] = [await logIn(pair.a, ALICE), await logIn(pair.a, ALICE), await logIn(pair.a, ALICE)];
    await replicated(redis.primary.port);
    redis.cutLink();
    await redis.replica.command("REPLICAOF", "NO", "ONE");
    const left = await openRedis({ kind: "redis", url: redis.replica.url }, { timeout: 2_000, clockOffset: () => 0 });
    const end = (store: Store, browser: Browser) =>
      store.endSession({ sub, sid: sidOf(browser), reason: "logout", origin: CLI });

    // One entry of the same number on both, and one more on the one that is left: all in Alice's partition.
    await end(left, there);
    expect((await here.logout()).status).toBe(204);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, here, 401);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, there, 200);
    await end(left, later);
    await left.close();

    const probes = probe([pair.a, pair.b], here);
    redis.front.moveTo(redis.replica.port);
    for (const gateway of [pair.a, pair.b]) {
      await logged(gateway, /"history_repaired"/);
      await ready(gateway);
      for (const browser of [there, here, later]) await answers(gateway, browser, 401);
      expect(gateway.logs()).toMatch(/"cause":"rolled_back".*"history_broken"/);
    }
    expect([...new Set(await probes.stop())].filter((status) => status !== 401 && status !== 503)).toEqual([]);
    const targets = (await feedOf(redis.replica)).map(({ target }) => target);
    expect(targets).toContainEqual({ kind: "session", sid: sidOf(here) });
    expect((await here.copy().refresh()).status).toBe(401);
  });

  test("an address that leads to another Redis and back: nothing that had ended passes, there or here", async () => {
    const [ended, alive] = [await logIn(pair.b, ALICE), await logIn(pair.b, ALICE)];
    const thief = ended.copy();
    expect((await ended.logout()).status).toBe(204);
    for (const gateway of [pair.a, pair.b]) await answers(gateway, ended, 401);
    const probes = probe([pair.a, pair.b], thief);

    const other = await startRedis();
    redis.front.moveTo(other.port);
    for (const gateway of [pair.a, pair.b]) {
      await answers(gateway, alive, 401);
      await ready(gateway);
    }
    expect((await feedOf(other)).map(({ target }) => target)).toContainEqual({ kind: "session", sid: sidOf(ended) });

    redis.front.moveTo(redis.replica.port);
    for (const gateway of [pair.a, pair.b]) await ready(gateway);
    const again = await logIn(pair.a, ALICE);
    for (const gateway of [pair.a, pair.b]) {
      await answers(gateway, again, 200);
      await answers(gateway, alive, 401);
    }
    expect([...new Set(await probes.stop())].filter((status) => status !== 401 && status !== 503)).toEqual([]);
    expect((await thief.refresh()).status).toBe(401);
    // Only its access token had been refused; the session is in the store to which the address leads again.
    expect((await alive.refresh()).status).toBe(200);
  });
});
