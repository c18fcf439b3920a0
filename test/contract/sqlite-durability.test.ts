import { expect, onTestFinished, test } from "vitest";
import type { RefreshResult } from "../../src/sessions/refresh.ts";
import { openSqlite } from "./open-sqlite.ts";
import { startStoreProcess } from "./store-process.ts";
import { CLI, LIMITS, MINUTE, newSession, refreshRequest, Subject } from "./subject.ts";

test("kill -9: everything that was acknowledged is there", async () => {
  const opened = await openSqlite();
  onTestFinished(() => opened.close());
  const s = new Subject(opened);
  const user = await s.user();
  const acknowledged: string[] = [];
  for (const writes of [1, 20, 100]) {
    const { store, kill } = await startStoreProcess(opened.file);
    let first: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      first = resolve;
    });
    const calls = Array.from({ length: writes * 2 }, async (_, index) => {
      const session = newSession(user);
      await store.createSession({
        session,
        limits: { ...LIMITS, maxPerUser: 1_000 },
        expectedHash: null,
        replace: null,
        origin: CLI,
      });
      acknowledged.push(session.sid);
      if (index >= writes / 2) first();
    });
    // In the midst of it: some are acknowledged, some are under way.
    await begun;
    await kill();
    await Promise.allSettled(calls);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(3);
  const live = new Set((await s.store.sessions({ sub: user.id })).map(({ sid }) => sid));
  expect(acknowledged.filter((sid) => !live.has(sid))).toEqual([]);
});

test("kill -9 in the midst of a revocation: session, entry and record are there together or not at all", async () => {
  const opened = await openSqlite();
  onTestFinished(() => opened.close());
  const s = new Subject(opened);
  const user = await s.user();
  for (let round = 0; round < 8; round++) {
    const { store, kill } = await startStoreProcess(opened.file);
    const sessions = [];
    for (let index = 0; index < 10; index++) sessions.push(await s.login(user));
    const before = await s.published();
    const ends = sessions.map((session) =>
      store.endSession({ sub: user.id, sid: session.sid, reason: "logout", origin: CLI }),
    );
    if (round % 2 === 1) await Promise.race(ends);
    await kill();
    await Promise.allSettled(ends);
    const published = new Set((await s.published()).slice(before.length));
    const told = new Set(
      (await s.store.listAudit({ after: null, limit: 1_000, sub: user.id }))
        .filter(({ kind }) => kind === "session_ended")
        .map(({ sid }) => sid),
    );
    const live = new Set((await s.store.sessions({ sub: user.id })).map(({ sid }) => sid));
    for (const { sid } of sessions) {
      const ended = !live.has(sid);
      expect([published.has(`session ${sid}`), told.has(sid)]).toEqual([ended, ended]);
    }
  }
});

test("kill -9 in the midst of a rotation, then the same token: the same successor", async () => {
  const opened = await openSqlite();
  onTestFinished(() => opened.close());
  const s = new Subject(opened);
  // Back by so much that the clock does not stand still, and what is made here is old enough to rotate there.
  s.advance(-2 * MINUTE);
  const user = await s.user();
  const outcomes: RefreshResult["outcome"][] = [];
  const after = await openSqlite(opened.file);
  onTestFinished(() => after.close());
  for (let round = 0; round < 10; round++) {
    const { store, kill } = await startStoreProcess(opened.file);
    const session = await s.login(user);
    const request = refreshRequest(session, 0);
    const rotation = store.refreshSession(request);
    // A few turns later each round: before the write, within it, and after it.
    for (let turn = 0; turn < round * 40; turn++) await new Promise(setImmediate);
    await kill();
    await Promise.allSettled([rotation]);
    for (const again of [await after.store.refreshSession(request), await after.store.refreshSession(request)]) {
      expect(again).toMatchObject({ session: { generation: 1 } });
      outcomes.push(again.outcome);
    }
  }
  expect(new Set(outcomes)).toEqual(new Set(["rotated", "replayed"]));
}, 120_000);
