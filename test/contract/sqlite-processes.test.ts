import { rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { openSqlite } from "./open-sqlite.ts";
import { type StoreProcess, startStoreProcess } from "./store-process.ts";
import { CLI, LIMITS, MINUTE, newSession, refreshRequest, SECOND, Subject } from "./subject.ts";

/** A store here whose clock stands two minutes back, so that what it makes is old enough to rotate; and processes on its file. */
async function openShared(count: number): Promise<{ s: Subject; file: string; processes: StoreProcess[] }> {
  const opened = await openSqlite();
  onTestFinished(() => opened.close());
  opened.advance(-2 * MINUTE);
  const processes = await Promise.all(Array.from({ length: count }, () => startStoreProcess(opened.file)));
  return { s: new Subject(opened), file: opened.file, processes };
}

describe("several processes on one file", () => {
  test("50 refreshes at once with one token over two processes: one successor, no session lost", async () => {
    const { s, processes } = await openShared(2);
    const user = await s.user();
    const sessions = [];
    for (let round = 0; round < 60; round++) sessions.push(await s.login(user));
    for (const session of sessions) {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (processes[index % 2]?.store ?? s.store).refreshSession(refreshRequest(session, 0)),
        ),
      );
      expect(
        new Set(results.map((result) => ("session" in result ? result.session.generation : result.outcome))),
      ).toEqual(new Set([1]));
      expect(results.filter(({ outcome }) => outcome === "rotated")).toHaveLength(1);
    }
    expect(await s.published()).toEqual([]);
  }, 120_000);

  test("attempts: what passes over both is no more than the limit", async () => {
    const { processes } = await openShared(2);
    const bucket = { key: "account:ada", limit: 10, window: 15 * MINUTE, lock: 30 * SECOND, maxLock: MINUTE };
    const results = await Promise.all(
      processes.flatMap(({ store }) => Array.from({ length: 50 }, () => store.takeAttempts({ buckets: [bucket] }))),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(10);
  });

  test("logins: no more sessions than a user may have", async () => {
    const { s, processes } = await openShared(2);
    const user = await s.user();
    const login = { limits: { ...LIMITS, maxPerUser: 5 }, expectedHash: null, replace: null, origin: CLI };
    await Promise.all(
      processes.flatMap(({ store }) =>
        Array.from({ length: 20 }, () => store.createSession({ ...login, session: newSession(user) })),
      ),
    );
    expect(await s.store.sessions({ sub: user.id })).toHaveLength(5);
    expect(await s.published()).toHaveLength(35);
  });

  test("one name is registered once, one key is the first", async () => {
    const { processes } = await openShared(2);
    const created = await Promise.all(
      processes.flatMap(({ store }) =>
        Array.from({ length: 10 }, () =>
          store.createUser({
            user: { id: newId("u"), username: "Ada", usernameKey: "ada", passwordHash: null, roles: [] },
            origin: CLI,
          }),
        ),
      ),
    );
    expect(created.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test("processes that start at once on no file make one store", async () => {
    const opened = await openSqlite();
    await opened.close();
    for (const suffix of ["", "-wal", "-shm"]) await rm(`${opened.file}${suffix}`, { force: true });
    const processes = await Promise.all(Array.from({ length: 4 }, () => startStoreProcess(opened.file)));
    const epochs = await Promise.all(
      processes.map(async ({ store }) => (await store.readFeed({ after: null, limit: 1 })).state[0]?.epoch),
    );
    expect(new Set(epochs).size).toBe(1);
  });

  test("an entry acknowledged to another process is in the next read here, and every one once", async () => {
    const { s, processes } = await openShared(2);
    let cursor = (await s.store.readFeed({ after: null, limit: 10 })).cursor;
    const revoke = (store: StoreProcess["store"], jti: string) =>
      store.revoke({
        target: { kind: "token", jti },
        sub: null,
        reason: "revoked",
        note: null,
        dryRun: false,
        origin: CLI,
      });
    const seen: string[] = [];
    for (let index = 0; index < 20; index++) {
      const jtis = processes.map((_, process) => `${index}-${process}`);
      await Promise.all(processes.map(({ store }, process) => revoke(store, jtis[process] ?? "")));
      const page = await s.store.readFeed({ after: cursor, limit: 10 });
      expect(page.end).toBe(true);
      const read = page.entries.map(({ target }) => (target.kind === "token" ? target.jti : ""));
      expect(read.sort()).toEqual(jtis);
      seen.push(...read);
      cursor = page.cursor;
    }
    expect(new Set(seen).size).toBe(40);
  });

  test("the feed is read while another process holds the write lock and the thread waits for it", async () => {
    const { s, file, processes } = await openShared(1);
    const writer = processes[0]?.store ?? s.store;
    const target = { kind: "token", jti: "j" } as const;
    await writer.revoke({ target, sub: null, reason: "revoked", note: null, dryRun: false, origin: CLI });
    const lock = new DatabaseSync(file);
    onTestFinished(() => lock.close());
    lock.exec("BEGIN IMMEDIATE");
    let written = false;
    const waiting = s.user().then(() => {
      written = true;
    });
    expect(await s.published()).toEqual(["token j"]);
    expect(written).toBe(false);
    lock.exec("COMMIT");
    await waiting;
  });
});
