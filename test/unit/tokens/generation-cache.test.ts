import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GenerationCache } from "../../../src/tokens/generation-cache.ts";

describe("generation cache", () => {
  it("keeps what is asked for and forgets the rest", () => {
    const cache = new GenerationCache<string, number>({ maxEntries: 10, maxBytes: 1e6 });
    cache.set("kept", 1, 1);
    for (let index = 0; index < 1000; index += 1) {
      cache.set(`k${index}`, index, 1);
      expect(cache.get("kept")).toBe(1);
      expect(cache.get(`k${index}`)).toBe(index);
    }
    expect(cache.get("k0")).toBeUndefined();
    expect(cache.size).toBeLessThanOrEqual(10);
  });

  it("keeps nothing that is larger than half its bound, and replaces values", () => {
    const cache = new GenerationCache<string, number>({ maxEntries: 10, maxBytes: 100 });
    cache.set("a", 1, 51);
    expect(cache.get("a")).toBeUndefined();
    cache.set("a", 1, 50);
    cache.set("a", 2, 20);
    expect([cache.get("a"), cache.size, cache.bytes]).toEqual([2, 1, 20]);
    cache.set("a", 3, 60);
    expect([cache.get("a"), cache.size, cache.bytes]).toEqual([undefined, 0, 0]);
  });

  it("property: never more than its bounds, never another key's value, never one that was deleted", () => {
    const act = fc.record({
      kind: fc.constantFrom("get" as const, "set" as const, "delete" as const),
      key: fc.nat(30),
      bytes: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 300 }), (acts) => {
        const cache = new GenerationCache<string, object>({ maxEntries: 12, maxBytes: 200 });
        const model = new Map<string, object>();
        for (const { kind, key: number, bytes } of acts) {
          const key = `k${number}`;
          if (kind === "set") {
            const value = {};
            model.set(key, value);
            cache.set(key, value, bytes);
            expect(cache.get(key)).toBe(value);
          } else if (kind === "delete") {
            model.delete(key);
            cache.delete(key);
          }
          const found = cache.get(key);
          if (found !== undefined) expect(found).toBe(model.get(key));
          expect(cache.size).toBeLessThanOrEqual(12);
          expect(cache.bytes).toBeLessThanOrEqual(200);
          expect(cache.bytes).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it("AT21: holds no more after a million distinct tokens than after a hundred thousand", () => {
    const cache = new GenerationCache<string, object>({ maxEntries: 20_000, maxBytes: 20_000 * 700 });
    const fill = (from: number, to: number): void => {
      for (let index = from; index < to; index += 1) cache.set(`${index}.${"x".repeat(600)}`, { index }, 700);
    };
    fill(0, 100_000);
    const [size, bytes] = [cache.size, cache.bytes];
    fill(100_000, 1_000_000);
    expect(cache.size).toBeLessThanOrEqual(20_000);
    expect(cache.bytes).toBeLessThanOrEqual(20_000 * 700);
    expect([cache.size, cache.bytes]).toEqual([size, bytes]);
  });
});
