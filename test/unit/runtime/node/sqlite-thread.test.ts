import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { SqliteThread } from "../../../../src/runtime/node/sqlite-thread.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { waitUntil } from "../../../support/wait-until.ts";

/** A thread that does with each call what the call says (workers/protocol-worker.ts). */
async function standIn(timeout: number): Promise<{ thread: SqliteThread; ask: (what: string) => Promise<unknown> }> {
  const worker = new URL("workers/protocol-worker.ts", import.meta.url);
  const thread = new SqliteThread({ file: "none", timeout, clockOffset: null, worker });
  await thread.open();
  onTestFinished(() => thread.close());
  return { thread, ask: (after) => thread.call("listUsers", { after, limit: 1 }) };
}

const UNAVAILABLE = { name: "StoreUnavailable" };
const UNKNOWN = { name: "StoreOutcomeUnknown" };

describe("a call without an answer in time", () => {
  test("has not been done where it was not begun, and may have been where it was", async () => {
    const { ask } = await standIn(300);
    const results = await Promise.allSettled([ask("silent"), ask("claim, silent"), ask("fine")]);
    expect(results).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNKNOWN }, { value: ["fine"] }]);
  });
});

describe("a thread that dies", () => {
  test("leaves nobody waiting, says what may have been done, and is started again", async () => {
    const { ask } = await standIn(10_000);
    const results = await Promise.allSettled([ask("silent"), ask("claim, silent"), ask("claim, die")]);
    expect(results).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNKNOWN }, { reason: UNKNOWN }]);
    await expect(ask("too soon")).rejects.toMatchObject(UNAVAILABLE);
    await waitUntil(
      () => "the thread was not started again",
      () =>
        ask("fine").then(
          () => true,
          () => false,
        ),
    );
  });
});

test("more calls than it can hold are refused at once, and it goes on", async () => {
  const { ask } = await standIn(10_000);
  const calls = await Promise.allSettled(Array.from({ length: 5_000 }, () => ask("fine")));
  const refused = calls.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(5_000 - 4_096);
  expect(refused[0]).toMatchObject({ reason: UNAVAILABLE });
  expect(await ask("again")).toEqual(["again"]);
});

describe("while another process holds the write lock", () => {
  async function locked(
    timeout: number,
  ): Promise<{ thread: SqliteThread; lock: DatabaseSync; create: (id: string) => Promise<unknown> }> {
    const file = join(await tempDir(), "postern.db");
    const thread = new SqliteThread({ file, timeout, clockOffset: null });
    await thread.open();
    const lock = new DatabaseSync(file);
    onTestFinished(async () => {
      lock.close();
      await thread.close();
    });
    lock.exec("BEGIN IMMEDIATE");
    const create = (id: string) => {
      const user = { id, username: id, usernameKey: id, passwordHash: null, roles: [] };
      return thread.call("createUser", { user, origin: { actor: "cli", address: null } });
    };
    return { thread, lock, create };
  }

  test("writes fail as not done when their time is up, and are not done later", async () => {
    const { thread, lock, create } = await locked(300);
    const results = await Promise.allSettled([create("u_1"), create("u_2"), create("u_3")]);
    expect(results.map((result) => result.status === "rejected" && result.reason.name)).toEqual([
      "StoreUnavailable",
      "StoreUnavailable",
      "StoreUnavailable",
    ]);
    lock.exec("COMMIT");
    // Behind all that was asked before, the thread has come to the end of it.
    await waitUntil(
      () => "the thread does not answer",
      () =>
        create("u_4").then(
          () => true,
          () => false,
        ),
    );
    const users = await thread.call("listUsers", { after: null, limit: 10 });
    expect(users.map(({ id }) => id)).toEqual(["u_4"]);
  });

  test("writes that wait long enough are done", async () => {
    const { lock, create } = await locked(10_000);
    const waiting = Promise.all([create("u_1"), create("u_2")]);
    lock.exec("COMMIT");
    expect(await waiting).toMatchObject([{ ok: true }, { ok: true }]);
  });
});

test("what was asked before closing is answered, what is asked after is refused", async () => {
  const file = join(await tempDir(), "postern.db");
  const thread = new SqliteThread({ file, timeout: 10_000, clockOffset: null });
  await thread.open();
  const times = Array.from({ length: 100 }, () => thread.call("time", {}));
  const closing = thread.close();
  expect((await Promise.all(times)).every((time) => time > 0)).toBe(true);
  await closing;
  await expect(thread.call("time", {})).rejects.toMatchObject(UNAVAILABLE);
  await thread.close();
});
