import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { User } from "../../src/accounts/records.ts";
import type { RefreshRequest } from "../../src/sessions/refresh.ts";
import { judgeRefresh, MAX_ROLL_FORWARD } from "../../src/sessions/rotation.ts";
import type { Session } from "../../src/sessions/session.ts";
import { type AttemptCount, forgottenAt, returnAttempt, takeAttempt } from "../../src/stores/attempts.ts";
import { RETURN_ATTEMPT, TAKE_ATTEMPT } from "../../src/stores/redis/limits.ts";
import type { Script } from "../../src/stores/redis/script.ts";
import { ROTATION } from "../../src/stores/redis/scripts/rotation.ts";
import type { AttemptBucket } from "../../src/stores/store.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";

const NOW = 1_800_000_000_000;
const RUNS = 3_000;

/** Decisions that are written twice, in TypeScript and in Lua, so that each can be one step of its store: they must not differ. */
describe.skipIf(REDIS_SERVER === null)("the twins in Lua", () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port, "127.0.0.1");
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  const near = (...times: readonly number[]): fc.Arbitrary<number> =>
    fc.tuple(fc.constantFrom(...times), fc.integer({ min: -1, max: 1 })).map(([time, by]) => time + by);

  describe("a refresh token is judged alike", () => {
    const GRACE = 15_000;
    const session: fc.Arbitrary<Session> = fc.record({
      sid: fc.constant("s_1"),
      sub: fc.constant("u_1"),
      clientId: fc.constant("postern"),
      channel: fc.constantFrom("cookie", "body"),
      createdAt: near(NOW - 100, NOW - 50, NOW - 50, NOW - 50),
      authTime: fc.constant(NOW - 100),
      amr: fc.constant(["pwd"]),
      scopes: fc.constant(null),
      generation: fc.nat(20),
      rotatedAt: near(NOW, NOW - GRACE, NOW - GRACE, NOW - 2 * GRACE),
      shown: fc.boolean(),
      rHash: fc.constantFrom(...Array<string>(9).fill("right"), "wrong"),
      secretId: fc.constantFrom("one", "two"),
      context: fc.constantFrom("Gecko/Linux", "Blink/Windows"),
      lastUsedAt: fc.constant(NOW - 50),
      idleEndsAt: near(NOW, ...Array<number>(5).fill(NOW + 1_000)),
      absoluteEndsAt: near(NOW, NOW + 1_000, ...Array<number>(5).fill(NOW + 2_000)),
      address: fc.constantFrom("192.0.2.1", "2001:db8::1"),
      userAgent: fc.string(),
    });
    const user: fc.Arbitrary<User> = fc.record({
      id: fc.constant("u_1"),
      username: fc.constant("ada"),
      usernameKey: fc.constant("ada"),
      passwordHash: fc.constant(null),
      roles: fc.constant([]),
      disabled: fc.constantFrom(...Array<boolean>(9).fill(false), true),
      createdAt: fc.constant(NOW - 1_000),
      notBefore: fc.oneof(fc.constant(0), fc.constant(0), near(NOW - 100, NOW - 50)),
    });
    const request: fc.Arbitrary<RefreshRequest> = fc.record({
      sub: fc.constant("u_1"),
      sid: fc.constant("s_1"),
      generation: fc.nat(20 + 2 * MAX_ROLL_FORWARD),
      rHash: fc.constant("right"),
      secretId: fc.constantFrom("one", "two"),
      context: fc.constantFrom("Gecko/Linux", "Blink/Windows"),
      address: fc.constantFrom("192.0.2.2", "2001:db8::2"),
      userAgent: fc.string(),
      rotate: fc.boolean(),
      limits: fc.constant({ idle: 1_500, absolute: 9_000, grace: GRACE, maxPerUser: 100 }),
    });
    const shown = fc
      .tuple(
        fc.option(session, { freq: 20 }),
        fc.option(user, { freq: 20 }),
        fc.oneof(fc.constant(0), fc.constant(0), near(NOW - 100, NOW - 50)),
        request,
        fc.constantFrom(-3, -2, -1, -1, -1, -1, 0, 0, 0, 1, MAX_ROLL_FORWARD, MAX_ROLL_FORWARD + 1),
      )
      .map(([held, holder, notBefore, asked, ahead]) => {
        const generation = held === null ? asked.generation : Math.max(0, held.generation + ahead);
        return { session: held, user: holder, notBefore, request: { ...asked, generation } };
      });

    const JUDGE = `#!lua flags=no-writes
${ROTATION}
local input = cjson.decode(ARGV[1])
for _, name in ipairs({ 'session', 'user' }) do if input[name] == cjson.null then input[name] = nil end end
local verdict = judge_refresh(input.session, input.user, input.notBefore, input.request, input.now)
if verdict.kind == 'grant' then verdict.session = input.session end
return cjson.encode(verdict)`;

    test("whatever the record, the request and the time", async () => {
      const met = new Set<string>();
      await fc.assert(
        fc.asyncProperty(shown, async (input) => {
          const verdict = judgeRefresh(input.session, input.user, input.notBefore, input.request, NOW);
          met.add("outcome" in verdict ? verdict.outcome : verdict.kind);
          const reply = await client.eval(JUDGE, 0, JSON.stringify({ ...input, now: NOW }));
          expect(JSON.parse(String(reply))).toEqual(verdict);
        }),
        { numRuns: RUNS },
      );
      // Every way out was taken, or the property says less than it seems to.
      const outcomes = [
        "rotated",
        "kept",
        "replayed",
        "rolled_forward",
        "idle_expired",
        "expired",
        "ended",
        "lost",
        "theft",
      ];
      expect([...met].sort()).toEqual([...outcomes, "other_client", "malformed"].sort());
    });
  });

  describe("attempts are counted alike", () => {
    type Step = { readonly kind: "take" | "return"; readonly after: number };
    const bucket: fc.Arbitrary<AttemptBucket> = fc.record({
      key: fc.constant("account:ada"),
      limit: fc.integer({ min: 1, max: 4 }),
      window: fc.constantFrom(3_000, 5_000),
      lock: fc.constantFrom(100, 300),
      maxLock: fc.constantFrom(300, 1_000),
    });
    const steps: fc.Arbitrary<Step[]> = fc.array(
      fc.record({
        kind: fc.constantFrom("take", "take", "take", "return"),
        after: fc.constantFrom(0, 1, 99, 100, 101, 299, 300, 1_000, 5_000),
      }),
      { maxLength: 30 },
    );
    const run = (script: Script, offset: number, input: AttemptBucket) =>
      client.eval(script.lua, 1, "attempt", Number.MAX_SAFE_INTEGER, offset, JSON.stringify(input));

    test("through any series of attempts taken and given back", async () => {
      await fc.assert(
        fc.asyncProperty(bucket, steps, async (limited, series) => {
          await client.del("attempt");
          let kept: AttemptCount | null = null;
          let offset = 0;
          for (const { kind, after } of series) {
            offset += after;
            // The time that the script took is in what it stored; the twin is given the same.
            const reply = await run(kind === "take" ? TAKE_ATTEMPT : RETURN_ATTEMPT, offset, limited);
            const [serverTime, , wait] = reply as readonly [number, string, number];
            const now = serverTime + offset;
            if (kind === "take") {
              const taken = takeAttempt(kept, limited, now);
              expect(wait).toBe(taken.ok ? 0 : taken.retryAfter);
              if (taken.ok) kept = taken.kept;
            } else {
              kept = kept === null ? null : returnAttempt(kept);
            }
            // What the server will have forgotten in a moment may be gone already.
            if (kept !== null && forgottenAt(kept, limited.window) <= now + 1_000) continue;
            const stored = await client.hgetall("attempt");
            expect(stored).toEqual(
              kept === null
                ? {}
                : Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, String(value)])),
            );
          }
        }),
        { numRuns: RUNS / 10 },
      );
    });
  });
});
