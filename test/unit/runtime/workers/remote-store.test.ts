import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { remoteStore } from "../../../../src/runtime/workers/remote-store.ts";
import { failureOf, type StoreAnswer, type StoreCall } from "../../../../src/runtime/workers/store-object.ts";
import { StoreOutcomeUnknown, StoreUnavailable } from "../../../../src/stores/store.ts";

const TIMEOUT = 20;

/** A store whose object is `answer`, with the calls that came to it. */
function storeOf(answer: (call: StoreCall) => Promise<StoreAnswer>, clock = { now: 1_000 }) {
  const calls: StoreCall[] = [];
  const { store } = remoteStore({
    object: () => ({
      call(call) {
        calls.push(call);
        return answer(call);
      },
      judge: () => Promise.reject(new Error("not asked here")),
    }),
    timeout: TIMEOUT,
    now: () => clock.now,
    wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal }).catch(() => {}),
  });
  return { store, calls, clock };
}

const failing = (error: unknown) => storeOf(() => Promise.reject(error)).store;
const READ = { sub: "u" };
const WRITE = { node: "n" };

test("a deadline is told by the object's clock, once that is known", async () => {
  const { store, calls, clock } = storeOf(async () => ({ kind: "done", output: null, now: 501_000 }));
  await store.userById(READ);
  clock.now = 2_000;
  await store.userById(READ);
  expect(calls.map(({ deadline }) => deadline)).toEqual([null, 2_000 + 500_000 + TIMEOUT]);
});

test("errors keep their kind and their trouble on the way", async () => {
  const errors = [
    new StoreUnavailable("full", "refused"),
    new StoreOutcomeUnknown("who knows"),
    new TypeError("a mistake in the code"),
  ];
  const back = await Promise.all(
    errors.map((error) =>
      storeOf(async () => ({ kind: "failed", failure: failureOf(error), now: 0 }))
        .store.retire(WRITE)
        .catch((caught: unknown) => caught),
    ),
  );
  expect(back.map((error) => error instanceof Error && [error.name, error.message])).toEqual([
    ["StoreUnavailable", "full"],
    ["StoreOutcomeUnknown", "who knows"],
    ["Error", "a mistake in the code"],
  ]);
  expect(back[0]).toMatchObject({ trouble: "refused" });
});

test("without an answer a read has not been done, and a write may have been", async () => {
  const lost = failing(new Error("Network connection lost."));
  await expect(lost.userById(READ)).rejects.toThrow(StoreUnavailable);
  await expect(lost.retire(WRITE)).rejects.toThrow(StoreOutcomeUnknown);
  const silent = storeOf(() => new Promise(() => {})).store;
  await expect(silent.userById(READ)).rejects.toThrow(StoreUnavailable);
  await expect(silent.retire(WRITE)).rejects.toThrow(StoreOutcomeUnknown);
});

test("an object that has too much to do has not done it", async () => {
  const overloaded = failing(Object.assign(new Error("Durable Object is overloaded."), { overloaded: true }));
  await expect(overloaded.retire(WRITE)).rejects.toMatchObject({ name: "StoreUnavailable", trouble: "refused" });
});
