import { expect, test } from "vitest";
import { RegionView } from "../../../../src/runtime/workers/region-view.ts";
import { facts, memoryFeed } from "../../revocation/memory-feed.ts";

function regionView() {
  const memory = memoryFeed();
  const told: string[] = [];
  const view = new RegionView({
    readFeed: ({ after, limit }) => memory.read(after, limit),
    sealFeed: async () => void told.push("sealed"),
    restore: async ({ revocations }) => void told.push(`restored ${revocations.length}`),
    follows: ({ epochs }) => void told.push(`follows ${epochs.join()}`),
  });
  return { ...memory, told, view };
}

test("judges by all that had been published when it was asked, and says how much and how far that is", async () => {
  const { publish, view } = regionView();
  for (const jti of ["1", "2", "3"]) publish(jti);
  expect(await view.judge(facts("3"))).toEqual({ refused: true, live: 3, cursor: ["3"] });
  expect((await view.judge(facts("4"))).refused).toBe(false);
  publish("4");
  const verdicts = await Promise.all([view.judge(facts("4")), view.judge(facts("5"))]);
  expect(verdicts.map(({ refused }) => refused)).toEqual([true, false]);
});

test("gives no verdict where the store gives none", async () => {
  const { feed, view } = regionView();
  await view.judge(facts("1"));
  feed.fail = true;
  await expect(view.judge(facts("1"))).rejects.toThrow("store gone");
});

test("a wiped store gets back what it holds, before it judges again", async () => {
  const { feed, publish, view, told } = regionView();
  publish("1");
  await view.judge(facts("1"));
  told.length = 0;
  feed.epoch = "b";
  feed.entries = [];
  expect((await view.judge(facts("1"))).refused).toBe(true);
  expect(told.slice(0, 3)).toEqual(["sealed", "restored 1", "follows b"]);
});
