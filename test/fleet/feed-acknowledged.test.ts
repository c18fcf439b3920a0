// With Sentinels, and both replicas that must have each revocation: what was acknowledged is still there after the primary has been
// killed in the middle of it, whichever is promoted, and what was not is told as unavailable or unsure. Then with the one replica left.
// SECURITY: F06, F4; docs/adr/0005-the-denylist-on-redis.md.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { openRedis } from "../../src/runtime/redis/store.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "../../src/stores/store.ts";
import { CLI } from "../contract/subject.ts";
import { type RedisSentinel, startRedisSentinel } from "../support/redis-sentinel.ts";
import { REDIS_SERVER } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { feedOf } from "./feed-observers.ts";

const WRITERS = 4;

describe.skipIf(REDIS_SERVER === null)("a revocation that a replica must have, with Sentinels", () => {
  let sentinel: RedisSentinel;
  const stores: Store[] = [];
  beforeAll(async () => {
    sentinel = await startRedisSentinel();
  });
  afterAll(() => Promise.all(stores.map((store) => store.close())));

  async function open(minReplicas: number): Promise<Store> {
    const store = await openRedis(
      { kind: "redis", url: sentinel.url },
      { timeout: 2_000, clockOffset: () => 0, minReplicas },
    );
    stores.push(store);
    return store;
  }

  const revoke = (store: Store, sub: string) =>
    store.revoke({
      target: { kind: "user", sub, before: 5 },
      sub,
      reason: "revoked",
      note: null,
      dryRun: false,
      origin: CLI,
    });

  test("is there after a failover if it was acknowledged", async () => {
    const store = await open(2);
    const acknowledged: string[] = [];
    const refusals: unknown[] = [];
    let over = false;
    const writers = Array.from({ length: WRITERS }, async () => {
      while (!over) {
        const sub = newId("u");
        await revoke(store, sub).then(
          () => acknowledged.push(sub),
          (error: unknown) => refusals.push(error),
        );
        // Without a primary a refusal comes at once: what is waited for needs the processor, too.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    await waitUntil(
      () => `revocations are not acknowledged; the last refusal: ${refusals.at(-1)}`,
      () => acknowledged.length >= 100,
    );
    const { promoted } = await sentinel.killPrimary();
    over = true;
    await Promise.all(writers);

    const kept = new Set((await feedOf(promoted)).map(({ target }) => target.sub));
    expect(acknowledged.filter((sub) => !kept.has(sub))).toEqual([]);
    expect(
      refusals.filter((error) => !(error instanceof StoreUnavailable || error instanceof StoreOutcomeUnknown)),
    ).toEqual([]);
    expect(refusals.length).toBeGreaterThan(0);

    const sub = newId("u");
    const one = await open(1);
    await waitUntil(
      () => "the replica that is left does not follow",
      () =>
        revoke(one, sub).then(
          () => true,
          () => false,
        ),
    );
    // Until it has found the new primary it is not even sent.
    let last: unknown;
    await waitUntil(
      () => `a revocation that one replica has is not told as unsure: ${last}`,
      async () => {
        last = await revoke(store, sub).catch((error: unknown) => error);
        expect(last).toBeInstanceOf(Error);
        return last instanceof StoreOutcomeUnknown;
      },
    );
  });
});
