import { expect, test } from "vitest";
import type { RevocationTarget } from "../../src/revocation/entry.ts";
import type { RevokeResult } from "../../src/stores/store.ts";
import { CLI, DAY, MINUTE, type Subject } from "./subject.ts";

const NOW = Number.MAX_SAFE_INTEGER;

export function revocationContract(open: () => Promise<Subject>): void {
  const revoke = (
    s: Subject,
    target: RevocationTarget,
    change: { readonly sub?: string; readonly dryRun?: boolean; readonly note?: string } = {},
  ): Promise<RevokeResult> =>
    s.store.revoke({
      target,
      sub: change.sub ?? null,
      reason: "revoked",
      note: change.note ?? null,
      dryRun: change.dryRun ?? false,
      origin: CLI,
    });

  test("a token is named by its id and nothing else ends", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    const done = await revoke(s, { kind: "token", jti: "j1" });
    expect(done.entries.map(({ target }) => target)).toEqual([{ kind: "token", jti: "j1" }]);
    expect(done).toMatchObject({ sessions: 0, users: 0 });
    expect(await s.store.session(session)).not.toBeNull();
    expect(await s.audited()).toEqual(["user_created", "login", "revoked"]);
  });

  test("a session ends, known with its user or found without", async () => {
    const s = await open();
    const user = await s.user();
    const [first, second] = [await s.login(user), await s.login(user)];
    expect(await revoke(s, { kind: "session", sid: first.sid }, { sub: user.id })).toMatchObject({
      sessions: 1,
      users: 1,
    });
    expect(await revoke(s, { kind: "session", sid: second.sid })).toMatchObject({ sessions: 1, users: 1 });
    expect(await revoke(s, { kind: "session", sid: second.sid })).toMatchObject({ sessions: 0, users: 0 });
    expect(await s.store.sessions({ sub: user.id })).toEqual([]);
    expect(await s.published()).toEqual([first, second, second].map(({ sid }) => `session ${sid}`));
  });

  test("a user's sessions and tokens end, and a login right after works", async () => {
    const s = await open();
    const [ada, bob] = [await s.user("ada"), await s.user("bob")];
    const sessions = [await s.login(ada), await s.login(ada)];
    const other = await s.login(bob);
    const done = await revoke(s, { kind: "user", sub: ada.id, before: NOW }, { note: "lost laptop" });
    expect(done).toMatchObject({ sessions: 2, users: 1 });
    const before = beforeOf(done);
    expect(before).toBeGreaterThanOrEqual(Math.max(...sessions.map(({ issuedAt }) => issuedAt)));
    expect(before).toBeLessThan(NOW);
    for (const session of sessions) expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    expect(await s.store.session(other)).not.toBeNull();
    const next = await s.login(ada);
    expect(next.issuedAt).toBeGreaterThan(before);
    expect(await s.refresh(next, 0)).toMatchObject({ outcome: "kept" });
    expect((await s.store.userById({ sub: ada.id }))?.notBefore).toBe(before);
    const [told] = (await s.store.listAudit({ after: null, limit: 10, sub: ada.id })).filter(
      ({ kind }) => kind === "revoked",
    );
    expect(told).toMatchObject({ actor: "cli", detail: { reason: "revoked", note: "lost laptop", sessions: 2 } });
  });

  test("logins and revocations in turns: each revocation covers every token before it, each login passes those before it", async () => {
    const s = await open();
    const user = await s.user();
    let previous = 0;
    for (let round = 0; round < 25; round++) {
      const session = await s.login(user);
      expect(session.issuedAt).toBeGreaterThan(previous);
      previous = beforeOf(await revoke(s, { kind: "user", sub: user.id, before: NOW }));
      expect(previous).toBeGreaterThanOrEqual(session.issuedAt);
      expect(await s.store.session(session)).toBeNull();
    }
  });

  test("so do levels that cross: client, user and everything within one millisecond", async () => {
    const s = await open();
    const user = await s.user();
    const targets: readonly RevocationTarget[] = [
      { kind: "client", clientId: "postern", before: NOW },
      { kind: "user", sub: user.id, before: NOW },
      { kind: "all", before: NOW },
    ];
    let previous = 0;
    for (let round = 0; round < 30; round++) {
      const { issuedAt } = await s.login(user);
      expect(issuedAt).toBeGreaterThan(previous);
      const target = targets[round % 3];
      if (target !== undefined) previous = beforeOf(await revoke(s, target));
      expect(previous).toBeGreaterThanOrEqual(issuedAt);
    }
  });

  test("before a time in the past: what was made later goes on", async () => {
    const s = await open();
    const user = await s.user();
    const old = await s.login(user);
    s.advance(MINUTE);
    const before = await s.now();
    s.advance(MINUTE);
    const young = await s.login(user);
    const done = await revoke(s, { kind: "user", sub: user.id, before });
    expect(beforeOf(done)).toBe(before);
    expect(done.sessions).toBe(1);
    expect(await s.refresh(old, 0)).toEqual({ outcome: "ended" });
    expect(await s.refresh(young, 0)).toMatchObject({ outcome: "kept" });
    // A not-before never goes back.
    await revoke(s, { kind: "user", sub: user.id, before: before - DAY });
    expect((await s.store.userById({ sub: user.id }))?.notBefore).toBe(before);
  });

  test("a user who is not there: published all the same", async () => {
    const s = await open();
    expect(await revoke(s, { kind: "user", sub: "u_gone", before: NOW })).toMatchObject({ sessions: 0, users: 0 });
    expect(await s.published()).toEqual(["user u_gone"]);
  });

  test("everything ends every session, and every login after it passes", async () => {
    const s = await open();
    const users = [await s.user("ada"), await s.user("bob")];
    const sessions = await Promise.all(users.map((user) => s.login(user)));
    const clientIssued = await s.store.clientIssueTime({ clientId: "c_1" });
    const done = await revoke(s, { kind: "all", before: NOW });
    expect(done).toMatchObject({ sessions: 2, users: 2 });
    const before = beforeOf(done);
    expect(before).toBeGreaterThanOrEqual(clientIssued);
    for (const session of sessions) {
      expect(session.issuedAt).toBeLessThanOrEqual(before);
      expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    }
    for (const user of users) expect(await s.refresh(await s.login(user), 0)).toMatchObject({ outcome: "kept" });
    expect(await s.store.clientIssueTime({ clientId: "c_1" })).toBeGreaterThan(before);
  });

  test("a client's access tokens end, its sessions go on", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    const issued = await s.store.clientIssueTime({ clientId: "c_1" });
    const before = beforeOf(await revoke(s, { kind: "client", clientId: "c_1", before: NOW }));
    expect(before).toBeGreaterThanOrEqual(issued);
    expect(await s.store.clientIssueTime({ clientId: "c_1" })).toBeGreaterThan(before);
    await revoke(s, { kind: "client", clientId: "postern", before: NOW });
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "kept" });
  });

  test("a dry run counts and changes nothing", async () => {
    const s = await open();
    const user = await s.user();
    const session = await s.login(user);
    const dryRun = true;
    const one = { entries: [], sessions: 1, users: 1 };
    expect(await revoke(s, { kind: "session", sid: session.sid }, { dryRun })).toMatchObject(one);
    expect(await revoke(s, { kind: "user", sub: user.id, before: NOW }, { dryRun })).toMatchObject(one);
    expect(await revoke(s, { kind: "all", before: NOW }, { dryRun })).toMatchObject(one);
    expect(await revoke(s, { kind: "all", before: session.createdAt - 1 }, { dryRun })).toMatchObject({ sessions: 0 });
    const none = { entries: [], sessions: 0, users: 0 };
    expect(await revoke(s, { kind: "token", jti: "j" }, { dryRun })).toMatchObject(none);
    expect(await revoke(s, { kind: "client", clientId: "c_1", before: NOW }, { dryRun })).toMatchObject(none);
    expect(await revoke(s, { kind: "key", kid: "k" }, { dryRun })).toMatchObject(none);
    expect(await s.published()).toEqual([]);
    expect(await s.audited()).toEqual(["user_created", "login"]);
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "kept" });
  });

  test("the clock set back a little: a revocation still covers what was issued before", async () => {
    const s = await open();
    const user = await s.user();
    const session = await s.login(user);
    s.advance(-30 * 1000);
    const done = await revoke(s, { kind: "user", sub: user.id, before: NOW });
    expect(beforeOf(done)).toBeGreaterThanOrEqual(session.issuedAt);
    expect(await s.store.session(session)).toBeNull();
  });

  test("the clock set back far: a revocation still ends every session", async () => {
    const s = await open();
    const user = await s.user();
    const session = await s.login(user);
    s.advance(-DAY);
    expect(await revoke(s, { kind: "user", sub: user.id, before: NOW })).toMatchObject({ sessions: 1 });
    const another = await s.login(user);
    expect(another.createdAt).toBeLessThan(session.createdAt);
    expect(await revoke(s, { kind: "all", before: NOW })).toMatchObject({ sessions: 1 });
    expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    expect(await s.refresh(another, 0)).toEqual({ outcome: "ended" });
  });
}

function beforeOf(result: RevokeResult): number {
  const target = result.entries[0]?.target;
  return target !== undefined && "before" in target ? target.before : Number.NaN;
}
