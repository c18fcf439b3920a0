// The primary dies with writes that its replica never got, and the replica takes its place while people go on: refreshes that were
// lost are made good from the tokens that clients hold, and ends that were lost hold all the same.
// SECURITY: F06, F07, F4; 3.4 (I1-I3); docs/sessions.md, rules 3 and 5; docs/revocation.md.
import { beforeAll, describe, expect, test } from "vitest";
import { refreshAt, successorOf } from "../processes/gateway-pair.ts";
import { type ReplicatedRedis, startReplicatedRedis } from "../support/redis-replica.ts";
import { REDIS_SERVER } from "../support/redis-server.ts";
import { type Fleet, recovered, startFleet } from "./fleet.ts";

let redis: ReplicatedRedis;
let fleet: Fleet;
beforeAll(async () => {
  if (REDIS_SERVER === null) return;
  redis = await startReplicatedRedis();
  const config = { revocation: { minReplicas: 0 } };
  fleet = await startFleet(redis.url, { backgrounds: 1, spare: 2, config });
});

describe.skipIf(REDIS_SERVER === null)("a failover that loses the last writes", () => {
  test("logs nobody out, rolls refreshes forward, and no end is undone", async () => {
    // A login that is lost is a session that was never there.
    const clients = fleet.background({ login: 0 });
    await clients.goesOn();
    redis.cutLink();
    const successors = await Promise.all(
      fleet.spare.map(async ({ refreshToken }) => successorOf(await refreshAt(fleet.a, refreshToken))),
    );
    await clients.goesOn(100);
    await redis.failover();
    await recovered(fleet);

    for (const successor of successors) {
      const rolled = await refreshAt(fleet.b, successor);
      expect([rolled.status, successorOf(rolled)]).toEqual([200, successor]);
    }
    // What is known of the generation before is its age, so it is the previous one again.
    for (const { refreshToken } of fleet.spare) expect((await refreshAt(fleet.a, refreshToken)).status).toBe(200);
    await clients.goesOn();
    await clients.check();
  });
});
