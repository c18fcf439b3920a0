import { describe, expect, test } from "vitest";
import { Buckets } from "../../../src/limits/buckets.ts";

const MINUTE = 60_000;

/** How many requests are let through, asked for one after the other. */
function taken(buckets: Buckets, key: string, now: number, asked: number): number {
  let count = 0;
  for (let time = 0; time < asked; time++) {
    if (buckets.wait(key, now) > 0) continue;
    buckets.take(key, now);
    count++;
  }
  return count;
}

const of = (requests: number, window: number, burst: number, capacity = 1000) =>
  new Buckets({ requests, window, burst, capacity });

describe("a bucket", () => {
  test("lets a burst through at once, then one more at a time", () => {
    const buckets = of(60, MINUTE, 5);
    expect(taken(buckets, "a", 0, 20)).toBe(5);
    expect(buckets.wait("a", 0)).toBe(1000);
    expect(taken(buckets, "a", 999, 5)).toBe(0);
    expect(taken(buckets, "a", 1000, 5)).toBe(1);
    expect(taken(buckets, "a", 3500, 5)).toBe(2);
  });

  test("holds no more than its burst, however long nobody asks", () => {
    const buckets = of(60, MINUTE, 5);
    taken(buckets, "a", 0, 5);
    expect(taken(buckets, "a", 100 * MINUTE, 20)).toBe(5);
  });

  test("is one of its own for each key", () => {
    const buckets = of(1, MINUTE, 1);
    expect(taken(buckets, "a", 0, 3)).toBe(1);
    expect(taken(buckets, "b", 0, 3)).toBe(1);
  });

  test("never lets more through than burst and rate say, whatever the fractions", () => {
    for (const [requests, burst] of [
      [3, 3],
      [7, 2],
      [999, 5],
      [11, 40],
    ] as const) {
      const buckets = of(requests, 1000, burst);
      let count = 0;
      // Ten windows from a time that has no exact fractions.
      for (let step = 0; step < 10_000; step++) count += taken(buckets, "a", 123_456_789.123 + step, 2);
      expect(count, `${requests} and ${burst}`).toBeLessThanOrEqual(burst + requests * 10);
      expect(count, `${requests} and ${burst}`).toBeGreaterThanOrEqual(burst + requests * 9.9 - 2);
    }
  });
});

describe("too many buckets", () => {
  test("are never more than there may be", () => {
    const buckets = of(1, MINUTE, 3, 64);
    for (let key = 0; key < 10_000; key++) {
      buckets.take(String(key), key / 1000);
      expect(buckets.size).toBeLessThanOrEqual(64);
    }
  });

  test("the ones that have filled up go first, and nobody notices", () => {
    const buckets = of(60, MINUTE, 5, 64);
    for (let key = 0; key < 60; key++) buckets.take(`gone${key}`, 0);
    for (let key = 0; key < 4; key++) buckets.take(`here${key}`, 9000);
    buckets.take("new", 10_000 - 1);
    expect(buckets.size).toBe(5);
    for (let key = 0; key < 4; key++) expect(taken(buckets, `here${key}`, 9999, 9)).toBe(4);
  });

  test("an empty one stays through a flood of new ones", () => {
    const buckets = of(10, MINUTE, 10, 64);
    expect(taken(buckets, "victim", 0, 99)).toBe(10);
    for (let key = 0; key < 10_000; key++) taken(buckets, `flood${key}`, 0, 9);
    expect(buckets.wait("victim", 0)).toBe(6000);
  });

  test("of equal ones no more go than must", () => {
    const buckets = of(1, MINUTE, 1, 64);
    for (let key = 0; key < 65; key++) buckets.take(String(key), 0);
    expect(buckets.size).toBe(57);
  });
});
