import { expect, test } from "vitest";
import { Upkeep } from "../../../src/app/upkeep.ts";
import type { Observation } from "../../../src/observe/observation.ts";
import type { ViewState } from "../../../src/revocation/follower.ts";
import { StoreUnavailable } from "../../../src/stores/store.ts";

/** An upkeep whose rounds a test starts: `round` resolves when the next one has ended. */
function upkeep(store: { readonly announce?: () => Promise<void> } = {}) {
  const observed: Observation[] = [];
  const follower: { cursor: readonly string[] | null; state: ViewState } = { cursor: null, state: "catching_up" };
  let due = Promise.withResolvers<void>();
  let waits = Promise.withResolvers<void>();
  let now = 0;
  const subject = new Upkeep({
    store: {
      announce: store.announce ?? (async () => {}),
      retire: async () => {},
      sweep: async () => ({ more: false, idle: 0, absolute: 0 }),
    },
    keyRing: { refresh: async () => {}, dueIn: () => 1_000_000 },
    ...{
      follower,
      node: "n_1",
      version: "test",
      config: () => "c0ffee",
      startedAt: 0,
      accessTtl: 300_000,
      audit: { keep: 1, max: 1 },
    },
    observe: (event) => observed.push(event),
    monotonic: () => now,
    wait: (milliseconds, signal) => {
      now += milliseconds;
      due = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => due.resolve());
      waits.resolve();
      return due.promise;
    },
  });
  async function round(): Promise<void> {
    waits = Promise.withResolvers<void>();
    due.resolve();
    await waits.promise;
  }
  return { subject, observed, follower, round };
}

test("the view's state is told when it has changed, once", async () => {
  const { subject, observed, follower, round } = upkeep();
  await subject.start();
  expect(observed).toEqual([]);
  for (const state of ["fresh", "fresh", "aging", "stale", "stale", "fresh"] as const) {
    follower.state = state;
    await round();
  }
  await subject.stop();
  expect(observed).toEqual(["fresh", "aging", "stale", "fresh"].map((state) => ({ kind: "view", state })));
});

test("an upkeep that fails is told and tried again in the next round", async () => {
  let calls = 0;
  const { subject, observed, round } = upkeep({
    announce: async () => {
      calls += 1;
      if (calls === 1) throw new StoreUnavailable("gone");
    },
  });
  await subject.start();
  await round();
  await round();
  await subject.stop();
  expect(calls).toBe(2);
  expect(observed).toEqual([{ kind: "store_failed", operation: "announce", reason: "gone" }]);
});
