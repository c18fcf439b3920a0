import { array, assert, boolean, property } from "fast-check";
import { expect, test } from "vitest";
import { type AttemptCount, forgottenAt, returnAttempt, takeAttempt } from "../../../src/stores/attempts.ts";

const BUCKET = { key: "k", limit: 3, window: 900, lock: 30, maxLock: 100 };

/** The waits after each attempt taken as soon as one is allowed. */
function waits(count: number): number[] {
  let [kept, now]: [AttemptCount | null, number] = [null, 1_000];
  return Array.from({ length: count }, () => {
    const taken = takeAttempt(kept, BUCKET, now);
    if (!taken.ok) throw new Error("refused");
    kept = taken.kept;
    const wait = Math.max(0, kept.lockedUntil - now);
    now += wait;
    return wait;
  });
}

test("the last of the limit locks, each further miss for twice as long, up to the longest", () => {
  expect(waits(7)).toEqual([0, 0, 30, 60, 100, 100, 100]);
});

test("thousands of misses do not overflow the lock", () => {
  expect(waits(5_000).at(-1)).toBe(100);
});

test("a refusal names the rest of the lock and changes nothing", () => {
  const kept = { count: 3, startedAt: 0, lockedUntil: 130 };
  expect(takeAttempt(kept, BUCKET, 100)).toEqual({ ok: false, retryAfter: 30 });
  expect(takeAttempt(kept, BUCKET, 130)).toMatchObject({ ok: true, kept: { count: 4, lockedUntil: 190 } });
});

test("a window in peace forgets, counted from the end of the lock where there was one", () => {
  expect(forgottenAt({ count: 1, startedAt: 50, lockedUntil: 0 }, 900)).toBe(950);
  const locked = { count: 4, startedAt: 50, lockedUntil: 500 };
  expect(takeAttempt(locked, BUCKET, 1_399)).toMatchObject({ kept: { count: 5 } });
  expect(takeAttempt(locked, BUCKET, 1_400)).toMatchObject({ kept: { count: 1, startedAt: 1_400, lockedUntil: 0 } });
});

test("an attempt given back takes its lock along, and the last leaves nothing", () => {
  expect(returnAttempt({ count: 3, startedAt: 5, lockedUntil: 99 })).toEqual({
    count: 2,
    startedAt: 5,
    lockedUntil: 0,
  });
  expect(returnAttempt({ count: 1, startedAt: 5, lockedUntil: 0 })).toBeNull();
});

test("however takes and returns are mixed, no more than the limit stand unreturned when it locks", () => {
  assert(
    property(array(boolean(), { maxLength: 60 }), (returns) => {
      let [kept, unreturned]: [AttemptCount | null, number] = [null, 0];
      for (const back of returns) {
        // One millisecond for all: no lock runs out.
        const taken = takeAttempt(kept, BUCKET, 1_000);
        expect(taken.ok).toBe(unreturned < BUCKET.limit);
        if (!taken.ok) return;
        kept = back ? returnAttempt(taken.kept) : taken.kept;
        if (!back) unreturned += 1;
      }
    }),
  );
});
