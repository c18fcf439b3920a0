import { expect, test } from "vitest";
import type { User } from "../../src/accounts/records.ts";
import type { CreateSessionResult } from "../../src/stores/store.ts";
import { CLI, DAY, LIMITS, MINUTE, newSession, type Subject } from "./subject.ts";

export function sessionsContract(open: () => Promise<Subject>): void {
  const create = (
    s: Subject,
    user: User,
    change: { readonly expectedHash?: string; readonly replace?: { readonly sub: string; readonly sid: string } },
  ): Promise<CreateSessionResult> =>
    s.store.createSession({
      session: newSession(user),
      limits: LIMITS,
      expectedHash: change.expectedHash ?? null,
      replace: change.replace ?? null,
      origin: CLI,
    });

  test("a session is what the login said, and begins now", async () => {
    const s = await open();
    const user = await s.user();
    const asked = newSession(user, { scopes: ["orders:read"], channel: "body", amr: ["pwd", "otp"] });
    const made = await s.store.createSession({
      session: asked,
      limits: LIMITS,
      expectedHash: "hash",
      replace: null,
      origin: CLI,
    });
    if (!made.ok) throw new Error(made.reason);
    const { session, issuedAt } = made;
    expect(made.user).toEqual(user);
    expect(session).toMatchObject({ ...asked, generation: 0, shown: false });
    expect(session.createdAt).toBeGreaterThanOrEqual(user.createdAt);
    expect(session).toMatchObject({ authTime: session.createdAt, rotatedAt: session.createdAt });
    expect(session.idleEndsAt).toBe(session.createdAt + LIMITS.idle);
    expect(session.absoluteEndsAt).toBe(session.createdAt + LIMITS.absolute);
    expect(issuedAt).toBeGreaterThanOrEqual(session.createdAt);
    expect(await s.store.session(session)).toEqual(session);
    expect(await s.store.sessions({ sub: user.id })).toEqual([session]);
    const [, login] = await s.store.listAudit({ after: null, limit: 10, sub: null });
    expect(login).toMatchObject({ kind: "login", sub: user.id, sid: session.sid, actor: "cli" });
  });

  test("none is made for nobody, nor with a password that has changed since it was checked", async () => {
    const s = await open();
    const user = await s.user();
    expect(await create(s, { ...user, id: "u_gone" }, {})).toEqual({ ok: false, reason: "no_such_user" });
    expect(await create(s, user, { expectedHash: "older" })).toEqual({ ok: false, reason: "password_changed" });
    expect(await s.store.sessions({ sub: user.id })).toEqual([]);
  });

  test("a login that is refused does not end the session that it would replace", async () => {
    const s = await open();
    const user = await s.user();
    const old = await s.login(user);
    await create(s, user, { expectedHash: "older", replace: old });
    expect(await s.store.session(old)).not.toBeNull();
  });

  test("a login ends the session whose cookie it carries, another user's too", async () => {
    const s = await open();
    const [ada, bob] = [await s.user("ada"), await s.user("bob")];
    const first = await s.login(ada);
    const second = await create(s, ada, { replace: first });
    if (!second.ok) throw new Error(second.reason);
    expect(second.ended).toEqual(["replaced"]);
    expect(await s.store.session(first)).toBeNull();
    expect(await create(s, bob, { replace: second.session })).toMatchObject({ ended: ["replaced"] });
    expect(await create(s, bob, { replace: second.session })).toMatchObject({ ended: [] });
    expect(await s.store.sessions({ sub: ada.id })).toEqual([]);
    expect(await s.store.sessions({ sub: bob.id })).toHaveLength(2);
    expect(await s.published()).toEqual([`session ${first.sid}`, `session ${second.session.sid}`]);
    const ended = (await s.store.listAudit({ after: null, limit: 10, sub: ada.id })).filter(
      ({ kind }) => kind === "session_ended",
    );
    expect(ended.map(({ detail }) => detail)).toEqual([{ reason: "replaced" }, { reason: "replaced" }]);
  });

  test("the same session again is the answer to a lost reply", async () => {
    const s = await open();
    const user = await s.user();
    const once = await s.login(user);
    const again = await s.login(user, { sid: once.sid });
    expect(again.createdAt).toBe(once.createdAt);
    expect(await s.store.sessions({ sub: user.id })).toHaveLength(1);
  });

  test("is found with its own user only", async () => {
    const s = await open();
    const [ada, bob] = [await s.user("ada"), await s.user("bob")];
    const { sid } = await s.login(ada);
    expect(await s.store.session({ sub: bob.id, sid })).toBeNull();
    expect(await s.store.sessionData({ sub: bob.id, sid })).toBeNull();
    expect(await s.store.endSession({ sub: bob.id, sid, reason: "logout", origin: CLI })).toMatchObject({
      existed: false,
    });
    expect(await s.store.session({ sub: ada.id, sid })).not.toBeNull();
  });

  test("ends idle, on every read", async () => {
    const s = await open();
    const user = await s.user();
    const session = await s.login(user);
    s.advance(LIMITS.idle - MINUTE);
    expect(await s.store.session(session)).not.toBeNull();
    s.advance(MINUTE);
    expect(await s.store.session(session)).toBeNull();
    expect(await s.store.sessions({ sub: user.id })).toEqual([]);
    expect(await s.store.sessionData(session)).toBeNull();
    expect(await s.store.writeSessionData({ ...session, json: "{}", expected: 0 })).toBeNull();
    expect(await s.store.endSession({ ...session, reason: "logout", origin: CLI })).toMatchObject({ existed: false });
  });

  test("an idle end never lies behind the absolute one", async () => {
    const s = await open();
    const session = await s.login(await s.user(), { limits: { idle: 2 * DAY, absolute: DAY } });
    expect(session.idleEndsAt).toBe(session.absoluteEndsAt);
    s.advance(DAY);
    expect(await s.store.session(session)).toBeNull();
  });

  test("ending publishes and tells once, and repeating it publishes again", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    const end = { ...session, reason: "logout", origin: { actor: session.sub, address: "192.0.2.9" } } as const;
    const first = await s.store.endSession(end);
    expect(first.existed).toBe(true);
    const second = await s.store.endSession(end);
    expect(second.existed).toBe(false);
    expect(second.cursor).not.toEqual(first.cursor);
    expect(await s.published()).toEqual([`session ${session.sid}`, `session ${session.sid}`]);
    expect((await s.store.readFeed({ after: null, limit: 10 })).cursor).toEqual(second.cursor);
    expect(await s.audited()).toEqual(["user_created", "login", "session_ended"]);
    const [ended] = await s.store.listAudit({ after: null, limit: 1, sub: null });
    expect(ended).toMatchObject({ actor: session.sub, address: "192.0.2.9", detail: { reason: "logout" } });
  });

  test("more than a user may have end the longest idle", async () => {
    const s = await open();
    const user = await s.user();
    const limits = { maxPerUser: 3 };
    const made = [];
    for (let index = 0; index < 3; index++) {
      made.push(await s.login(user, { limits }));
      s.advance(MINUTE);
    }
    const [first, second, third] = made;
    if (first === undefined || second === undefined || third === undefined) throw new Error("three were made");
    await s.refresh(first, 0);
    const fourth = await s.login(user, { limits });
    const live = (await s.store.sessions({ sub: user.id })).map(({ sid }) => sid);
    expect(live.sort()).toEqual([first.sid, third.sid, fourth.sid].sort());
    expect(await s.published()).toEqual([`session ${second.sid}`]);
    expect(await s.refresh(second, 0)).toEqual({ outcome: "ended" });
    const [ended] = (await s.store.listAudit({ after: null, limit: 10, sub: null })).filter(
      ({ kind }) => kind === "session_ended",
    );
    expect(ended).toMatchObject({ sid: second.sid, detail: { reason: "too_many_sessions" } });
  });

  test("racing logins leave no more than a user may have", async () => {
    const s = await open();
    const user = await s.user();
    await Promise.all(Array.from({ length: 20 }, () => s.login(user, { limits: { maxPerUser: 4 } })));
    expect(await s.store.sessions({ sub: user.id })).toHaveLength(4);
    expect(await s.published()).toHaveLength(16);
  });

  test("data is kept with the session and changes by version", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    expect(await s.store.sessionData(session)).toEqual({ json: "{}", version: 0 });
    const write = (json: string, expected: number) => s.store.writeSessionData({ ...session, json, expected });
    expect(await write('{"cart":[1]}', 0)).toEqual({ ok: true, version: 1 });
    expect(await s.store.sessionData(session)).toEqual({ json: '{"cart":[1]}', version: 1 });
    expect(await write("{}", 0)).toEqual({ ok: false, reason: "conflict" });
    const racing = await Promise.all(["1", "2", "3", "4"].map((json) => write(json, 1)));
    expect(racing.filter((result) => result?.ok)).toEqual([{ ok: true, version: 2 }]);
    await s.refresh(session, 0);
    expect(await s.store.sessionData(session)).toMatchObject({ version: 2 });
    await s.store.endSession({ ...session, reason: "logout", origin: CLI });
    expect(await s.store.sessionData(session)).toBeNull();
  });
}
