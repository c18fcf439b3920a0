import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type KeySettings, type PlannedKey, planKeys } from "../../../src/keys/plan.ts";
import type { Algorithm } from "../../../src/protocol/claims.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const settings: KeySettings = { alg: "ES256", rotateEvery: 24 * HOUR, publishAhead: HOUR, accessTtl: 5 * MINUTE };
const T = 1_800_000_000_000;

/** Does what a gateway does at `now`: adds the key that is due. */
function step(keys: readonly PlannedKey[], now: number, using: KeySettings = settings): PlannedKey[] {
  const { add } = planKeys(keys, now, using);
  if (add === null) return [...keys];
  const kid = `k${Number(keys.at(-1)?.kid.slice(1) ?? -1) + 1}`;
  return [...keys, { kid, alg: using.alg, revokedAt: null, canSign: true, ...add }];
}

const signing = (keys: readonly PlannedKey[], now: number, using: KeySettings = settings): string | null =>
  planKeys(keys, now, using).signing;

describe("key rotation", () => {
  it("makes a first key that signs at once", () => {
    expect(planKeys([], T, settings).signing).toBeNull();
    const keys = step([], T);
    expect(signing(keys, T)).toBe("k0");
    expect(planKeys(keys, T, settings)).toMatchObject({ add: null, changesAt: T + 23 * HOUR });
  });

  it("AT18: publishes the next key before it signs, and keeps the last until its tokens have expired", () => {
    let keys = step([], T);
    keys = step(keys, T + 23 * HOUR - 1);
    expect(keys).toHaveLength(1);
    keys = step(keys, T + 23 * HOUR);
    expect(planKeys(keys, T + 23 * HOUR, settings)).toMatchObject({ signing: "k0", publish: ["k0", "k1"], add: null });
    expect(signing(keys, T + 24 * HOUR - 1)).toBe("k0");
    expect(signing(keys, T + 24 * HOUR)).toBe("k1");
    expect(planKeys(keys, T + 24 * HOUR + settings.accessTtl, settings).publish).toContain("k0");
    expect(planKeys(keys, T + 25 * HOUR, settings).publish).toEqual(["k1"]);
  });

  it("signs with a new key at once after a pause in which every key ran out", () => {
    const keys = step(step([], T), T + 100 * HOUR);
    expect(planKeys(keys, T + 100 * HOUR, settings)).toMatchObject({ signing: "k1", publish: ["k1"] });
  });

  it("publishes a key of a newly configured algorithm before it signs, and the old one bridges", () => {
    const eddsa: KeySettings = { ...settings, alg: "EdDSA" };
    const keys = step(step([], T), T + HOUR, eddsa);
    expect(signing(keys, T + HOUR, eddsa)).toBe("k0");
    expect(signing(keys, T + 2 * HOUR, eddsa)).toBe("k1");
    // A gateway that still has the old configuration keeps to its own key, and neither makes another.
    expect(planKeys(keys, T + 2 * HOUR, settings)).toMatchObject({ signing: "k0", add: null });
    expect(planKeys(keys, T + 2 * HOUR, eddsa).add).toBeNull();
  });

  it("does not leave a gap when the algorithm changes just before the old key runs out", () => {
    const eddsa: KeySettings = { ...settings, alg: "EdDSA" };
    const keys = step(step([], T), T + 24 * HOUR - MINUTE, eddsa);
    expect(signing(keys, T + 24 * HOUR - MINUTE, eddsa)).toBe("k0");
    expect(signing(keys, T + 24 * HOUR, eddsa)).toBe("k1");
  });

  it("never signs with nor publishes a revoked key; its published successor signs before its time", () => {
    const keys = step(step([], T), T + 23 * HOUR);
    const now = T + 23 * HOUR + MINUTE;
    const revoked = keys.map((key) => (key.kid === "k0" ? { ...key, revokedAt: now } : key));
    expect(planKeys(revoked, now, settings)).toMatchObject({ signing: "k1", publish: ["k1"], add: null });
    const all = keys.map((key) => ({ ...key, revokedAt: now }));
    expect(planKeys(all, now, settings)).toMatchObject({ signing: null, publish: [], add: { signsFrom: now } });
  });

  it("publishes but does not sign with a key whose private half is not at hand", () => {
    const foreign = step([], T).map((key) => ({ ...key, canSign: false }));
    expect(planKeys(foreign, T, settings)).toMatchObject({ signing: null, publish: ["k0"], add: { signsFrom: T } });
  });

  it("stops signing sooner where access tokens came to live longer than the key is kept", () => {
    const longer: KeySettings = { ...settings, accessTtl: HOUR };
    const keys = step([], T);
    const removeAt = keys[0]?.removeAt ?? 0;
    expect(signing(keys, removeAt - HOUR - 120_000 - 1, longer)).toBe("k0");
    expect(signing(keys, removeAt - HOUR - 120_000, longer)).toBeNull();
    expect(planKeys(keys, removeAt - 2 * HOUR - 120_000, longer).add).not.toBeNull();
  });

  it("keeps the creation times distinct when the clock stands still or goes back", () => {
    const keys = step([], T).map((key) => ({ ...key, revokedAt: T }));
    expect(planKeys(keys, T - HOUR, settings).add?.createdAt).toBe(T + 1);
  });

  it("property: at any pace, something signs, it is published, and no token outlives its key", () => {
    const run = fc.record({
      steps: fc.array(fc.integer({ min: 1, max: 40 * HOUR }), { minLength: 1, maxLength: 40 }),
      algs: fc.array(fc.constantFrom<Algorithm>("ES256", "EdDSA", "RS256"), { minLength: 40, maxLength: 40 }),
      ttls: fc.array(fc.integer({ min: 1000, max: HOUR }), { minLength: 40, maxLength: 40 }),
      rotateEvery: fc.integer({ min: 30 * MINUTE, max: 72 * HOUR }),
      publishAhead: fc.integer({ min: 0, max: 3 * HOUR }),
    });
    fc.assert(
      fc.property(run, ({ steps, algs, ttls, rotateEvery, publishAhead }) => {
        let keys: PlannedKey[] = [];
        let now = T;
        for (const [index, wait] of steps.entries()) {
          now += wait;
          keys = keys.filter(({ removeAt }) => removeAt > now);
          const alg = algs[index] ?? "ES256";
          const using = { alg, rotateEvery, publishAhead, accessTtl: ttls[index] ?? HOUR };
          for (let round = 0; round < 1000 && planKeys(keys, now, using).add !== null; round += 1)
            keys = step(keys, now, using);
          const plan = planKeys(keys, now, using);
          expect(plan.add).toBeNull();
          expect(plan.signing).not.toBeNull();
          expect(plan.publish).toContain(plan.signing);
          const key = keys.find(({ kid }) => kid === plan.signing);
          expect(key?.removeAt).toBeGreaterThan(now + using.accessTtl);
        }
      }),
      { numRuns: 100 },
    );
  });
});
