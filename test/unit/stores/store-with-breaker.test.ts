// A breaker around the embedded store while another process holds its file locked: what waits is spared, what is read past it
// is not, and the first call that gets through closes it.
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { Breaker, type BreakerState } from "../../../src/stores/breaker.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "../../../src/stores/store.ts";
import { storeWithBreaker } from "../../../src/stores/store-with-breaker.ts";
import { openSqlite } from "../../contract/open-sqlite.ts";
import { Subject } from "../../contract/subject.ts";

// Each of six calls waits this long for the lock; a call without one must never take it on a busy machine.
const TIMEOUT = 500;

interface Guarded {
  readonly store: Store;
  readonly subject: Subject;
  readonly changes: readonly BreakerState[];
  readonly file: string;
  pass(milliseconds: number): void;
}

let guarded: Guarded;
beforeEach(async () => {
  const opened = await openSqlite(undefined, TIMEOUT);
  onTestFinished(() => opened.close());
  let now = 0;
  const changes: BreakerState[] = [];
  const breaker = new Breaker({ monotonic: () => now, onChange: (state) => changes.push(state) });
  const store = storeWithBreaker(opened.store, breaker);
  guarded = {
    ...{ store, changes, file: opened.file, subject: new Subject({ ...opened, store }) },
    pass: (milliseconds) => {
      now += milliseconds;
    },
  };
});

function lock(file: string): DatabaseSync {
  const other = new DatabaseSync(file);
  onTestFinished(() => {
    if (other.isOpen) other.close();
  });
  other.exec("BEGIN EXCLUSIVE");
  return other;
}

const troubleOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "none",
    (error: unknown) =>
      error instanceof StoreUnavailable || error instanceof StoreOutcomeUnknown ? error.trouble : String(error),
  );

test("opens while the file is locked, and closes with the first call that gets through", async () => {
  const { store, subject, changes, file, pass } = guarded;
  const user = await subject.user();
  const locked = lock(file);
  const write = (): Promise<unknown> => subject.login(user);
  for (let failure = 0; failure < 5; failure++) expect(await troubleOf(write())).toBe("unreachable");
  expect(changes).toEqual(["open"]);

  expect(await troubleOf(write())).toBe("breaker_open");
  expect(await troubleOf(store.time({}))).toBe("breaker_open");
  expect((await store.readFeed({ after: null, limit: 1 })).end).toBe(true);

  locked.close();
  expect(await troubleOf(write())).toBe("breaker_open");
  pass(1_000);
  const crowd = await Promise.all(Array.from({ length: 20 }, () => troubleOf(write())));
  expect(crowd.filter((trouble) => trouble === "none")).toHaveLength(1);
  expect(crowd.filter((trouble) => trouble === "breaker_open")).toHaveLength(19);
  expect(changes).toEqual(["open", "half_open", "closed"]);
  expect(await store.sessions({ sub: user.id })).toHaveLength(1);
});

test.each(["refused", "unsuitable", "other_history"] as const)("%s is an answer: it opens nothing", async (trouble) => {
  const changes: BreakerState[] = [];
  const full = { ...guarded.store, time: () => Promise.reject(new StoreUnavailable("time: full", trouble)) };
  const breaker = new Breaker({ monotonic: () => 0, onChange: (state) => changes.push(state) });
  const store = storeWithBreaker(full, breaker);
  for (let failure = 0; failure < 10; failure++) expect(await troubleOf(store.time({}))).toBe(trouble);
  expect(changes).toEqual([]);
});
