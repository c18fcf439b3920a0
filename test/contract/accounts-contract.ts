import { expect, test } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { CLI, DAY, newSession, type Subject } from "./subject.ts";

const GONE = "u_gone";

export function accountsContract(open: () => Promise<Subject>): void {
  test("a user is found by id and by name as it was made", async () => {
    const s = await open();
    const before = await s.now();
    const user = await s.user("ada", { roles: ["user", "admin"] });
    expect(user).toMatchObject({ username: "ada", roles: ["user", "admin"], disabled: false, notBefore: 0 });
    expect(user.createdAt).toBeGreaterThanOrEqual(before);
    expect(await s.store.userById({ sub: user.id })).toEqual(user);
    expect(await s.store.userByName({ usernameKey: "ada" })).toEqual(user);
    expect(await s.store.userById({ sub: GONE })).toBeNull();
    expect(await s.store.userByName({ usernameKey: "bob" })).toBeNull();
    expect(await s.audited()).toEqual(["user_created"]);
  });

  test("a user without a password, and one who registered", async () => {
    const s = await open();
    const id = newId("u");
    const user = { id, username: "Eve", usernameKey: "eve", passwordHash: null, roles: [] };
    const origin = { actor: id, address: "192.0.2.1" };
    expect(await s.store.createUser({ user, origin })).toMatchObject({ ok: true, user });
    expect((await s.store.userById({ sub: id }))?.passwordHash).toBeNull();
    expect(await s.audited()).toEqual(["registered"]);
  });

  test("a name is taken once, and of racing registrations one wins", async () => {
    const s = await open();
    const results = await Promise.all(
      Array.from({ length: 20 }, () =>
        s.store.createUser({
          user: { id: newId("u"), username: "Ada", usernameKey: "ada", passwordHash: "h", roles: [] },
          origin: CLI,
        }),
      ),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(results.filter((result) => !result.ok && result.reason === "conflict")).toHaveLength(19);
    expect(await s.audited()).toEqual(["user_created"]);
  });

  test("making the same user again is the answer to a lost reply", async () => {
    const s = await open();
    const user = { id: newId("u"), username: "Ada", usernameKey: "ada", passwordHash: "h", roles: [] };
    const once = await s.store.createUser({ user, origin: CLI });
    expect(await s.store.createUser({ user, origin: CLI })).toEqual(once);
    expect(await s.audited()).toEqual(["user_created"]);
  });

  test("users are listed by name, a page at a time", async () => {
    const s = await open();
    for (const name of ["cyd", "ada", "bob"]) await s.user(name);
    const first = await s.store.listUsers({ after: null, limit: 2 });
    expect(first.map((user) => user.username)).toEqual(["ada", "bob"]);
    const next = await s.store.listUsers({ after: "bob", limit: 2 });
    expect(next.map((user) => user.username)).toEqual(["cyd"]);
  });

  test("a password is set; sessions go on unless asked", async () => {
    const s = await open();
    const user = await s.user();
    const session = await s.login(user);
    const change = { sub: user.id, passwordHash: "new", expected: null, endSessions: false, keep: null, origin: CLI };
    expect(await s.store.setPassword(change)).toEqual({ ok: true, sessions: 0 });
    expect((await s.store.userById({ sub: user.id }))?.passwordHash).toBe("new");
    expect(await s.store.session(session)).not.toBeNull();
    expect(await s.published()).toEqual([]);
    expect(await s.audited()).toEqual(["user_created", "login", "password_changed"]);
    expect(await s.store.setPassword({ ...change, sub: GONE })).toEqual({ ok: false, sessions: 0 });
  });

  test("with an expected hash it does nothing once that has changed, and a rehash is no event", async () => {
    const s = await open();
    const user = await s.user();
    const change = { sub: user.id, expected: "hash", endSessions: false, keep: null, origin: CLI };
    const results = await Promise.all(
      ["a", "b", "c"].map((passwordHash) => s.store.setPassword({ ...change, passwordHash })),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    const stale = { ...change, passwordHash: "d", endSessions: true };
    const session = await s.login(user);
    expect(await s.store.setPassword(stale)).toEqual({ ok: false, sessions: 0 });
    expect(await s.store.session(session)).not.toBeNull();
    expect(await s.audited()).toEqual(["user_created", "login"]);
  });

  test("a change of password ends every session but the one to keep", async () => {
    const s = await open();
    const user = await s.user();
    const [kept, ...others] = [await s.login(user), await s.login(user), await s.login(user)];
    const change = {
      sub: user.id,
      passwordHash: "new",
      expected: "hash",
      endSessions: true,
      keep: kept.sid,
      origin: CLI,
    };
    expect(await s.store.setPassword(change)).toEqual({ ok: true, sessions: 2 });
    expect((await s.store.sessions({ sub: user.id })).map(({ sid }) => sid)).toEqual([kept.sid]);
    expect((await s.published()).sort()).toEqual(others.map(({ sid }) => `session ${sid}`).sort());
    expect(await s.refresh(kept, 0)).toMatchObject({ outcome: "kept" });
    for (const other of others) expect(await s.refresh(other, 0)).toEqual({ outcome: "ended" });
  });

  test.each([[null], ["s_gone"]])("a change of password with nothing to keep (%s) ends them all", async (keep) => {
    const s = await open();
    const user = await s.user();
    const sessions = [await s.login(user), await s.login(user)];
    const change = { sub: user.id, passwordHash: "new", expected: null, endSessions: true, keep, origin: CLI };
    expect(await s.store.setPassword(change)).toEqual({ ok: true, sessions: 2 });
    expect(await s.published()).toEqual([`user ${user.id}`]);
    for (const session of sessions) expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    expect((await s.login(user)).issuedAt).toBeGreaterThan(sessions[1]?.issuedAt ?? 0);
  });

  test("changed roles end access tokens only", async () => {
    const s = await open();
    const user = await s.user();
    const session = await s.login(user);
    const changed = await s.store.setRoles({ sub: user.id, roles: ["admin"], origin: CLI });
    expect(changed).toEqual({ ...user, roles: ["admin"] });
    const [entry] = (await s.store.readFeed({ after: null, limit: 10 })).entries;
    const before = entry?.target.kind === "user" ? entry.target.before : 0;
    expect(before).toBeGreaterThanOrEqual(session.issuedAt);
    const refreshed = await s.refresh(session, 0);
    expect(refreshed).toMatchObject({ outcome: "kept", user: { roles: ["admin"] } });
    expect("issuedAt" in refreshed && refreshed.issuedAt).toBeGreaterThan(before);
    expect(await s.audited()).toEqual(["user_created", "login", "roles_changed"]);
  });

  test("the same roles again change and publish nothing", async () => {
    const s = await open();
    const user = await s.user();
    expect(await s.store.setRoles({ sub: user.id, roles: ["user"], origin: CLI })).toEqual(user);
    expect(await s.published()).toEqual([]);
    expect(await s.audited()).toEqual(["user_created"]);
  });

  test("disabling ends every session, and enabling brings none back", async () => {
    const s = await open();
    const user = await s.user();
    const session = await s.login(user);
    const disabled = await s.store.setDisabled({ sub: user.id, disabled: true, origin: CLI });
    expect(disabled).toMatchObject({ user: { disabled: true }, sessions: 1 });
    expect(disabled?.user.notBefore).toBeGreaterThanOrEqual(session.createdAt);
    expect(await s.published()).toEqual([`user ${user.id}`]);
    expect(await s.store.session(session)).toBeNull();
    expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    const login = { session: newSession(user), limits: { idle: DAY, absolute: DAY, grace: 0, maxPerUser: 1 } };
    const rest = { expectedHash: null, replace: null, origin: CLI };
    expect(await s.store.createSession({ ...login, ...rest })).toEqual({ ok: false, reason: "disabled" });

    expect(await s.store.setDisabled({ sub: user.id, disabled: false, origin: CLI })).toMatchObject({
      user: { disabled: false },
      sessions: 0,
    });
    expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    expect(await s.refresh(await s.login(user), 0)).toMatchObject({ outcome: "kept" });
    expect(await s.audited()).toEqual(["user_created", "login", "user_disabled", "user_enabled", "login"]);
  });

  test("a deleted user is gone, with the sessions, and the name is free", async () => {
    const s = await open();
    const user = await s.user();
    const session = await s.login(user);
    expect(await s.store.deleteUser({ sub: user.id, origin: CLI })).toEqual({ sessions: 1 });
    expect(await s.store.deleteUser({ sub: user.id, origin: CLI })).toBeNull();
    expect(await s.store.userById({ sub: user.id })).toBeNull();
    expect(await s.published()).toEqual([`user ${user.id}`]);
    expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    expect((await s.user()).id).not.toBe(user.id);
    expect(await s.audited()).toEqual(["user_created", "login", "user_deleted", "user_created"]);
  });

  test("what is done to a user who is not there is answered with null", async () => {
    const s = await open();
    expect(await s.store.setRoles({ sub: GONE, roles: [], origin: CLI })).toBeNull();
    expect(await s.store.setDisabled({ sub: GONE, disabled: true, origin: CLI })).toBeNull();
    expect(await s.published()).toEqual([]);
    expect(await s.audited()).toEqual([]);
  });
}
