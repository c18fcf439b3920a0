import { describe, expect, test } from "vitest";
import type { RevocationTarget } from "../../../../src/revocation/entry.ts";
import type { SyncStore } from "../../../../src/stores/operations.ts";
import { storeTime } from "../../../../src/stores/sqlite/step.ts";
import { addUser, CLI, login, memoryStore } from "./memory-store.ts";

function revoke(store: SyncStore, target: RevocationTarget): number {
  const { entries } = store.revoke({ target, sub: null, reason: "revoked", note: null, dryRun: false, origin: CLI });
  const published = entries[0]?.target;
  return published !== undefined && "before" in published ? published.before : Number.NaN;
}

describe("within one millisecond", () => {
  test("every revocation covers each token before it, every later login passes, at crossing levels", () => {
    const { store } = memoryStore();
    const sub = addUser(store, "ada");
    const levels: readonly RevocationTarget[] = [
      { kind: "user", sub, before: Number.MAX_VALUE },
      { kind: "client", clientId: "postern", before: Number.MAX_VALUE },
      { kind: "all", before: Number.MAX_VALUE },
    ];
    for (const first of levels) {
      for (const second of levels) {
        const a = login(store, sub);
        const before = revoke(store, first);
        const b = login(store, sub);
        const later = revoke(store, second);
        const c = login(store, sub);
        expect(a.issuedAt).toBeLessThanOrEqual(before);
        expect(b.issuedAt).toBeGreaterThan(before);
        expect(b.issuedAt).toBeLessThanOrEqual(later);
        expect(c.issuedAt).toBeGreaterThan(later);
        expect(store.session(c)).not.toBeNull();
        if (second.kind !== "client") expect(store.session(b)).toBeNull();
      }
    }
  });

  test("a change of roles covers the token before it, and the renewed one passes", () => {
    const { store } = memoryStore();
    const sub = addUser(store, "ada");
    const session = login(store, sub);
    store.setRoles({ sub, roles: ["admin"], origin: CLI });
    const [entry] = store.readFeed({ after: null, limit: 10 }).entries;
    const before = entry?.target.kind === "user" ? entry.target.before : Number.NaN;
    expect(session.issuedAt).toBeLessThanOrEqual(before);
    expect(login(store, sub).issuedAt).toBeGreaterThan(before);
    expect(store.session(session)).not.toBeNull();
  });

  test("a client's own tokens too", () => {
    const { store } = memoryStore();
    const client = { kind: "client", clientId: "c_1", before: Number.MAX_VALUE } as const;
    for (let round = 0; round < 5; round++) {
      const issued = store.clientIssueTime({ clientId: "c_1" });
      const before = revoke(store, round % 2 === 0 ? client : { kind: "all", before: Number.MAX_VALUE });
      expect(issued).toBeLessThanOrEqual(before);
      expect(store.clientIssueTime({ clientId: "c_1" })).toBeGreaterThan(before);
    }
  });
});

describe("a clock that is set back", () => {
  test("stands still for a minute at most, and is followed further back", () => {
    expect(storeTime(100_000, 90_000)).toBe(100_000);
    expect(storeTime(100_000, 160_000)).toBe(160_000);
    expect(storeTime(100_000, 160_001)).toBe(100_000);
  });

  test("what another process wrote counts as well", () => {
    const { store, db, clock } = memoryStore();
    addUser(store, "ada");
    const recorded = store.time({});
    clock.now -= 20_000;
    expect(store.time({})).toBe(recorded);
    db.all("UPDATE store SET clock = clock + 5000");
    expect(store.time({})).toBe(recorded + 5_000);
    clock.now -= 3_600_000;
    expect(store.time({})).toBe(clock.now);
    addUser(store, "bob");
    clock.now += 1;
    expect(store.time({})).toBe(clock.now);
  });
});
