import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Session } from "../../src/sessions/session.ts";
import { metaKey } from "../../src/stores/redis/keys.ts";
import { partitionOf } from "../../src/stores/redis/partition.ts";
import { StoreUnavailable } from "../../src/stores/store.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { openRedis } from "./open-redis.ts";
import { CLI, MINUTE, Subject } from "./subject.ts";

const SWEEP = { auditKeep: 1, auditMax: 1, batch: 100 };

/** Of a partition whose history is not the one that a gateway has followed, nothing is judged and nothing is changed. */
describe.skipIf(REDIS_SERVER === null)("a store on Redis that is followed", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  /** A store that is followed and one beside it that is not; Ada has sessions, and what ends one stands in her partition. */
  async function opened() {
    const url = server.freshUrl();
    const stores = [await openRedis(url), await openRedis(url)] as const;
    onTestFinished(async () => {
      for (const { close } of stores) await close();
    });
    const [s, beside] = [new Subject(stores[0]), new Subject(stores[1])];
    const ada = await s.user("ada");
    const end = (subject: Subject, { sub, sid }: Session) =>
      subject.store.endSession({ sub, sid, reason: "logout", origin: CLI });
    await end(s, await s.login(ada));
    const keys = ["meta", "feed"].map((name) => metaKey(partitionOf(ada.id)).replace(/meta$/, name));
    const database = new URL(url).pathname.slice(1);
    // A backup of her partition's history, in a database of its own.
    const backup = server.freshUrl().split("/").at(-1) ?? "";
    const copy = async (from: string, to: string) => {
      for (const key of keys) {
        const script =
          "redis.call('SELECT', ARGV[1]) return redis.call('COPY', KEYS[1], KEYS[1], 'DB', ARGV[2], 'REPLACE')";
        expect(await server.command("EVAL", script, 1, key, from, to)).toBe(1);
      }
    };
    return {
      ...{ s, beside, ada, end },
      save: () => copy(database, backup),
      rollBack: () => copy(backup, database),
      /** Follows the feed to its end, as a gateway does. */
      async follow() {
        const { state, cursor } = await s.store.readFeed({ after: null, limit: 1_000 });
        s.store.follows({ epochs: state.map(({ epoch }) => epoch), cursor });
      },
    };
  }

  async function expectRefused(s: Subject, session: Session): Promise<void> {
    const calls = [
      () => s.refresh(session, 0),
      () => s.store.session(session),
      () => s.store.userById({ sub: session.sub }),
      () => s.store.endSession({ ...session, reason: "logout", origin: CLI }),
      // Asked after the store as a whole.
      () => s.store.time({}),
    ];
    for (const call of calls) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(error).toHaveProperty("trouble", "other_history");
    }
  }

  test("serves while its history goes on, what others publish and what is trimmed included", async () => {
    const { s, beside, ada, end, follow } = await opened();
    const [first, second, third] = [await s.login(ada), await s.login(ada), await s.login(ada)];
    await follow();
    await end(beside, first);
    expect(await s.refresh(first, 0)).toEqual({ outcome: "ended" });
    await end(beside, second);
    for (const subject of [s, beside]) subject.advance(6 * MINUTE);
    await beside.store.sweep(SWEEP);
    expect(await beside.published()).toEqual([]);
    expect(await s.refresh(third, 0)).toMatchObject({ outcome: "rotated" });
    await end(beside, third);
    expect(await s.refresh(third, 0)).toEqual({ outcome: "ended" });
    expect(await s.now()).toBeGreaterThan(0);
  });

  test("rolled back behind what was followed: refused, until what was lost is there again and followed", async () => {
    const { s, beside, ada, end, follow, save, rollBack } = await opened();
    const [ended, alive] = [await s.login(ada), await s.login(ada)];
    await save();
    await end(s, ended);
    await follow();
    await rollBack();
    await expectRefused(s, alive);
    // Who follows nothing is refused nothing, and other partitions go on.
    expect(await beside.refresh(alive, 0)).toMatchObject({ outcome: "kept" });
    const bob = await otherPartition(s, ada.id);
    expect(await s.refresh(await s.login(bob), 0)).toMatchObject({ outcome: "kept" });
    await s.store.restore({
      revocations: [{ target: { kind: "session", sid: ended.sid }, expires: Date.now() + MINUTE }],
    });
    await expectRefused(s, alive);
    await follow();
    expect(await s.refresh(alive, 0)).toMatchObject({ outcome: "kept" });
  });

  test("as many entries, or more, but others: refused", async () => {
    const { s, beside, ada, end, follow, save, rollBack } = await opened();
    const [ended, alive, another, third] = [
      await s.login(ada),
      await s.login(ada),
      await s.login(ada),
      await s.login(ada),
    ];
    await save();
    await end(s, ended);
    await follow();
    await rollBack();
    await end(beside, another);
    await expectRefused(s, alive);
    await end(beside, third);
    await expectRefused(s, alive);
  });

  test("another epoch, with as much in it: refused", async () => {
    const { s, ada, follow } = await opened();
    const alive = await s.login(ada);
    await follow();
    const { state, cursor } = await s.store.readFeed({ after: null, limit: 1 });
    s.store.follows({ epochs: state.map(() => "another"), cursor });
    await expectRefused(s, alive);
  });

  async function otherPartition(s: Subject, id: string) {
    for (let number = 0; ; number++) {
      const user = await s.user(`bob${number}`);
      if (partitionOf(user.id) !== partitionOf(id)) return user;
    }
  }
});
