import { expect, test } from "vitest";
import type { StoredKey } from "../../src/keys/stored-key.ts";
import { CLI, DAY, MINUTE, type Subject } from "./subject.ts";

export function keysContract(open: () => Promise<Subject>): void {
  const key = (kid: string, now: number): StoredKey => ({
    kid,
    alg: "ES256",
    publicJwk: `{"kid":"${kid}"}`,
    wrappedPrivate: "wrapped",
    secretId: "secret-1",
    createdAt: now,
    signsFrom: now + MINUTE,
    signsUntil: now + DAY,
    removeAt: now + 2 * DAY,
    revokedAt: null,
  });

  test("keys come out as they went in, oldest first, with the store's clock", async () => {
    const s = await open();
    const now = await s.now();
    expect(await s.store.addKey({ key: key("k1", now), expectedNewest: null })).toBe(true);
    expect(await s.store.addKey({ key: key("k2", now), expectedNewest: "k1" })).toBe(true);
    const read = await s.store.keys({});
    expect(read.keys).toEqual([key("k1", now), key("k2", now)]);
    expect(read.now).toBeGreaterThanOrEqual(now);
    expect(await s.audited()).toEqual(["key_created", "key_created"]);
  });

  test("the newest is the one that was created last: an older one can be written back behind it", async () => {
    const s = await open();
    const now = await s.now();
    expect(await s.store.addKey({ key: key("k2", now + 1), expectedNewest: null })).toBe(true);
    expect(await s.store.addKey({ key: { ...key("k1", now), revokedAt: now }, expectedNewest: "k2" })).toBe(true);
    expect((await s.store.keys({})).keys.find(({ kid }) => kid === "k1")?.revokedAt).toBe(now);
    expect(await s.store.addKey({ key: key("k3", now + 2), expectedNewest: "k1" })).toBe(false);
    expect(await s.store.addKey({ key: key("k3", now + 2), expectedNewest: "k2" })).toBe(true);
  });

  test("of racing gateways one adds the next key", async () => {
    const s = await open();
    const now = await s.now();
    const kids = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const added = await Promise.all(kids.map((kid) => s.store.addKey({ key: key(kid, now), expectedNewest: null })));
    expect(added.filter(Boolean)).toHaveLength(1);
    expect((await s.store.keys({})).keys).toHaveLength(1);
  });

  test("a key is wrapped anew unless somebody else did", async () => {
    const s = await open();
    await s.store.addKey({ key: key("k1", await s.now()), expectedNewest: null });
    const rewrap = { kid: "k1", wrappedPrivate: "anew", secretId: "secret-2", expectedSecretId: "secret-1" };
    expect(await s.store.rewrapKey(rewrap)).toBe(true);
    expect(await s.store.rewrapKey({ ...rewrap, wrappedPrivate: "late" })).toBe(false);
    expect((await s.store.keys({})).keys).toMatchObject([{ wrappedPrivate: "anew", secretId: "secret-2" }]);
  });

  test("a revoked key says when, and stays so; its entry is published", async () => {
    const s = await open();
    await s.store.addKey({ key: key("k1", await s.now()), expectedNewest: null });
    const revoke = () =>
      s.store.revoke({
        target: { kind: "key", kid: "k1" },
        sub: null,
        reason: "revoked",
        note: null,
        dryRun: false,
        origin: CLI,
      });
    await revoke();
    const [first] = (await s.store.keys({})).keys;
    expect(first?.revokedAt).toBeGreaterThan(0);
    s.advance(MINUTE);
    await revoke();
    expect((await s.store.keys({})).keys).toEqual([first]);
    expect(await s.published()).toEqual(["key k1", "key k1"]);
    expect(await s.audited()).toEqual(["key_created", "key_revoked", "key_revoked"]);
  });

  test("a key past its time is gone, and the next is the first again", async () => {
    const s = await open();
    await s.store.addKey({ key: key("k1", await s.now()), expectedNewest: null });
    s.advance(2 * DAY);
    expect((await s.store.keys({})).keys).toEqual([]);
    expect(await s.store.addKey({ key: key("k2", await s.now()), expectedNewest: null })).toBe(true);
    expect((await s.store.keys({})).keys).toHaveLength(1);
  });
}
