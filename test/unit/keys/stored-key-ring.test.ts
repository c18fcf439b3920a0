import { compactVerify, createLocalJWKSet, decodeProtectedHeader } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { rotateKeys } from "../../../src/keys/rotate.ts";
import { createSecretRing } from "../../../src/keys/secrets.ts";
import { createKeyRing, type KeyRingOptions, type StoredKeyRing } from "../../../src/keys/stored-key-ring.ts";
import { ALGORITHMS } from "../../../src/protocol/claims.ts";
import { nodeSignatureCheck } from "../../../src/runtime/node/signature.ts";
import { type MemoryKeyStore, memoryKeyStore } from "./memory-key-store.ts";

const HOUR = 3_600_000;
const A = "secret A of more than thirty-two bytes in length";
const B = "secret B of more than thirty-two bytes in length";

let now = 1_800_000_000_000;
let storeAhead = 0;
let store: MemoryKeyStore;
let reports: string[];

beforeEach(() => {
  storeAhead = 0;
  store = memoryKeyStore(() => now + storeAhead);
  reports = [];
});

async function ringWith(change: Partial<KeyRingOptions> & { secret?: string; previous?: string } = {}) {
  const { secret = A, previous = null, ...options } = change;
  return createKeyRing({
    store,
    secrets: await createSecretRing({ secret, previous }),
    signature: nodeSignatureCheck,
    alg: "ES256",
    rotateEvery: 24 * HOUR,
    publishAhead: HOUR,
    accessTtl: 300_000,
    now: () => now,
    report: (kid, problem) => reports.push(`${kid.length > 0 ? "key" : ""} ${problem}`.trim()),
    ...options,
  });
}

const kidOf = (jws: string): string => decodeProtectedHeader(jws).kid ?? "";
const verifies = async (ring: StoredKeyRing, jws: string): Promise<boolean> => {
  const keys = ring.jwks().keys.map((jwk) => ({ ...jwk, kty: String(jwk.kty) }));
  return compactVerify(jws, createLocalJWKSet({ keys })).then(
    () => true,
    () => false,
  );
};

describe("key ring", () => {
  it.each(ALGORITHMS)("makes a first %s key that signs at once, and jose accepts it by the key set", async (alg) => {
    const ring = await ringWith({ alg });
    const jws = await ring.sign("at+jwt", { hello: "world" });
    expect(decodeProtectedHeader(jws)).toEqual({ alg, typ: "at+jwt", kid: ring.jwks().keys[0]?.kid });
    expect(await verifies(ring, jws)).toBe(true);
    expect(ring.find(kidOf(jws))?.alg).toBe(alg);
  });

  it("writes back the keys that the store has lost, beside one that was made meanwhile", async () => {
    const ring = await ringWith();
    const jws = await ring.sign("at+jwt", {});
    const held = [...store.stored];
    store.stored = [];
    now += 1;
    const other = await ringWith();
    const since = await other.sign("at+jwt", {});
    await ring.restore();
    expect(store.stored.map(({ kid }) => kid).sort()).toEqual([...held.map(({ kid }) => kid), kidOf(since)].sort());
    await Promise.all([ring.reload(), other.reload()]);
    for (const each of [ring, other]) {
      expect(await verifies(each, jws)).toBe(true);
      expect(await verifies(each, since)).toBe(true);
    }
    await ring.restore();
    expect(store.stored).toHaveLength(2);
  });

  it("AT13: takes a kid for a lookup and for nothing else", async () => {
    const ring = await ringWith();
    await ring.refresh();
    for (const kid of ["__proto__", "constructor", "../../etc/passwd", "' OR 1=1", "", "k".repeat(100_000)]) {
      expect(ring.find(kid)).toBeNull();
    }
  });

  it("AT18: over ninety rotations every token verifies on another gateway until it expires", async () => {
    const [a, b] = [await ringWith(), await ringWith()];
    const kids = new Set<string>();
    const held: { jws: string; until: number }[] = [];
    for (let hour = 0; hour < 24 * 90; hour += 1) {
      now += HOUR;
      await (hour % 2 === 0 ? a : b).refresh();
      const jws = await (hour % 3 === 0 ? a : b).sign("at+jwt", { hour });
      kids.add(kidOf(jws));
      held.push({ jws, until: now + 300_000 });
      // Whoever reads the store each hour knows a key before it signs.
      if (hour > 0) for (const ring of [a, b]) expect(ring.find(kidOf(jws))).not.toBeNull();
      await Promise.all([a.refresh(), b.refresh()]);
      const live = held.filter(({ until }) => until > now);
      for (const token of live)
        expect([await verifies(a, token.jws), await verifies(b, token.jws)]).toEqual([true, true]);
      held.splice(0, held.length, ...live);
    }
    expect(kids.size).toBeGreaterThan(85);
    expect(a.jwks().keys.length).toBeLessThanOrEqual(2);
    const privateMembers = a.jwks().keys.flatMap((jwk) => Object.keys(jwk).filter((name) => "dpqk".includes(name)));
    expect(privateMembers).toEqual([]);
  });

  it("keeps to the store's clock", async () => {
    storeAhead = 10 * HOUR;
    const ring = await ringWith();
    await ring.refresh();
    expect(store.stored[0]?.signsFrom).toBe(now + 10 * HOUR);
    expect(kidOf(await ring.sign("x", {}))).toBe(store.stored[0]?.kid);
  });

  it("of racing gateways one makes the key and all sign with it", async () => {
    const rings = await Promise.all(Array.from({ length: 8 }, () => ringWith()));
    await Promise.all(rings.map((ring) => ring.refresh()));
    expect(store.stored).toHaveLength(1);
    const kids = await Promise.all(rings.map(async (ring) => kidOf(await ring.sign("x", {}))));
    expect(new Set(kids).size).toBe(1);
  });

  it("drops a revoked key and signs with a new one at once", async () => {
    const ring = await ringWith();
    const jws = await ring.sign("x", {});
    store.revoke(kidOf(jws));
    await ring.refresh();
    expect(ring.find(kidOf(jws))).toBeNull();
    const next = await ring.sign("x", {});
    expect(kidOf(next)).not.toBe(kidOf(jws));
    expect(ring.jwks().keys.map((jwk) => jwk.kid)).toEqual([kidOf(next)]);
  });

  it("rotates by command: published at once, signing after publishAhead", async () => {
    const ring = await ringWith();
    const first = kidOf(await ring.sign("x", {}));
    const secrets = await createSecretRing({ secret: A, previous: null });
    const made = await rotateKeys({
      store,
      secrets,
      alg: "ES256",
      rotateEvery: 24 * HOUR,
      publishAhead: HOUR,
      accessTtl: 1,
    });
    await ring.refresh();
    expect(ring.jwks().keys).toHaveLength(2);
    expect(kidOf(await ring.sign("x", {}))).toBe(first);
    now += HOUR;
    expect(kidOf(await ring.sign("x", {}))).toBe(made?.kid);
  });

  it("AT12: unknown kids ask for one read a cool-down, and share it", async () => {
    const ring = await ringWith();
    await ring.refresh();
    now += 10_000;
    const before = store.reads;
    for (let index = 0; index < 1000; index += 1) if (ring.mayRefetch()) void ring.refresh();
    await ring.refresh();
    expect(store.reads - before).toBe(1);
    expect(ring.mayRefetch()).toBe(false);
    now -= HOUR;
    expect(ring.mayRefetch()).toBe(true);
  });

  it("keeps its keys while the store is away, and fails without asking during the cool-down", async () => {
    const ring = await ringWith();
    const jws = await ring.sign("x", {});
    now += 10_000;
    store.failure = new Error("away");
    await expect(ring.refresh()).rejects.toThrow("away");
    const before = store.reads;
    for (let index = 0; index < 100; index += 1) {
      expect(ring.mayRefetch()).toBe(true);
      await expect(ring.refresh()).rejects.toThrow("away");
    }
    expect(store.reads).toBe(before);
    expect(await verifies(ring, jws)).toBe(true);
    expect(kidOf(await ring.sign("x", {}))).toBe(kidOf(jws));
    store.failure = null;
    now += 1_000;
    await ring.refresh();
    expect(ring.mayRefetch()).toBe(false);
  });

  it("says when it wants to be refreshed", async () => {
    const ring = await ringWith({ rotateEvery: 30_000, publishAhead: 10_000 });
    expect(ring.dueIn()).toBeLessThanOrEqual(1_000);
    await ring.refresh();
    // Other gateways' keys are published for ten seconds: they are known in a part of that.
    expect(ring.dueIn()).toBe(2_500);
    now += 18_000;
    expect(ring.dueIn()).toBe(2_000);
    now += 2_000;
    await ring.refresh();
    expect(store.stored).toHaveLength(2);
    expect((await ringWith()).dueIn()).toBeLessThanOrEqual(60_000);
  });
});

describe("key ring and secrets", () => {
  it("with a wrong secret verifies what others signed and signs with a key of its own", async () => {
    const right = await ringWith();
    const jws = await right.sign("x", {});
    const wrong = await ringWith({ secret: B });
    await wrong.refresh();
    expect(await verifies(wrong, jws)).toBe(true);
    expect(reports).toEqual(["key no known secret opens the private key: it verifies and does not sign"]);
    const other = await wrong.sign("x", {});
    expect(kidOf(other)).not.toBe(kidOf(jws));
    await right.refresh();
    expect(kidOf(await right.sign("x", {}))).toBe(kidOf(jws));
    await Promise.all([right.refresh(), wrong.refresh()]);
    expect(store.stored).toHaveLength(2);
  });

  it("a change of secret wraps keys anew while both are known, and nothing has to log in again", async () => {
    const old = await ringWith();
    const jws = await old.sign("x", {});
    const changing = await ringWith({ secret: B, previous: A });
    await changing.refresh();
    expect(kidOf(await changing.sign("x", {}))).toBe(kidOf(jws));
    const after = await ringWith({ secret: B });
    await after.refresh();
    expect(kidOf(await after.sign("x", {}))).toBe(kidOf(jws));
    // A gateway that still has only the old secret goes on with what it holds.
    await old.refresh();
    expect(kidOf(await old.sign("x", {}))).toBe(kidOf(jws));
    expect(store.stored).toHaveLength(1);
    expect(reports).toEqual([]);
  });

  it("the private half is in the store only encrypted", async () => {
    const ring = await ringWith();
    await ring.refresh();
    const text = JSON.stringify(store.stored);
    expect(text).not.toMatch(/"d\\?":/);
    expect(store.stored[0]?.wrappedPrivate.split(".")).toHaveLength(5);
  });

  it("does not sign with a public half that was put in another's place", async () => {
    const ring = await ringWith();
    await ring.refresh();
    const own = store.stored[0];
    const [secrets, stranger] = [await createSecretRing({ secret: B, previous: null }), memoryKeyStore(() => now)];
    const settings = { alg: "ES256", rotateEvery: HOUR, publishAhead: 0, accessTtl: 1 } as const;
    const foreign = await rotateKeys({ store: stranger, secrets, ...settings });
    if (own === undefined || foreign === null) throw new Error("both keys were made");
    const publicJwk = JSON.stringify({ ...JSON.parse(foreign.publicJwk), kid: own.kid });
    store.stored = [{ ...own, publicJwk }];
    const fresh = await ringWith();
    expect(kidOf(await fresh.sign("x", {}))).not.toBe(own.kid);
    expect(reports).toEqual(["key the private key is damaged: it verifies and does not sign"]);
    // Nor does the private half of one key open under the name of another.
    store.stored = [{ ...foreign, wrappedPrivate: own.wrappedPrivate, secretId: own.secretId }];
    reports = [];
    expect(kidOf(await (await ringWith()).sign("x", {}))).not.toBe(foreign.kid);
    expect(reports).toEqual(["key the private key is damaged: it verifies and does not sign"]);
  });

  it("AT19: ignores a weak or private key in the store, and says so", async () => {
    const ring = await ringWith();
    await ring.refresh();
    const own = store.stored[0];
    if (own === undefined) throw new Error("a key was made");
    const weak = { ...JSON.parse(own.publicJwk), d: "AAAA" };
    store.stored = [{ ...own, publicJwk: JSON.stringify(weak) }];
    const fresh = await ringWith();
    await fresh.refresh();
    now += 60_000;
    await fresh.refresh();
    expect(fresh.find(own.kid)).toBeNull();
    expect(fresh.jwks().keys.map((jwk) => jwk.kid)).not.toContain(own.kid);
    expect(reports).toEqual(["key the public key has private members"]);
  });
});
