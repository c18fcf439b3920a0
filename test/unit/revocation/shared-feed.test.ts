import { expect, test } from "vitest";
import type { FeedCursor } from "../../../src/revocation/feed.ts";
import { type ReadFeed, SharedFeed } from "../../../src/revocation/shared-feed.ts";
import { memoryFeed } from "./memory-feed.ts";

const LIMIT = 1_000;

function shared() {
  const memory = memoryFeed();
  const reads: (string | null)[] = [];
  let held: Promise<void> | null = null;
  const read: ReadFeed = async (after, limit) => {
    reads.push(after?.join() ?? null);
    const page = await memory.read(after, limit);
    await held;
    return page;
  };
  const feed = new SharedFeed(read);
  return {
    ...{ ...memory, reads, shared: feed },
    /** Lets no read end before `release`. */
    hold(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = null;
        resolve();
      };
    },
    /** To the end, as a reader's view reads. */
    async readOn(after: FeedCursor | null) {
      const entries: unknown[] = [];
      for (let cursor = after; ; ) {
        const page = await feed.read(cursor, LIMIT);
        entries.push(...page.entries.map(({ target }) => (target.kind === "token" ? target.jti : target.kind)));
        cursor = page.cursor;
        if (page.end || !page.continues) return { ...page, entries };
      }
    },
  };
}

test("whoever comes from nowhere is given everything, and then what has come since", async () => {
  const { publish, readOn } = shared();
  for (const jti of ["1", "2", "3"]) publish(jti);
  const first = await readOn(null);
  expect([first.entries, first.end, first.continues]).toEqual([["1", "2", "3"], true, true]);
  for (const jti of ["4", "5", "6"]) publish(jti);
  expect((await readOn(first.cursor)).entries).toEqual(["4", "5", "6"]);
});

test("readers at different places are answered by the same reads", async () => {
  const { publish, readOn, reads } = shared();
  const start = (await readOn(null)).cursor;
  publish("1");
  const { cursor } = await readOn(start);
  publish("2");
  const before = reads.length;
  const answers = await Promise.all([start, cursor, start, cursor].map(readOn));
  expect(answers.map(({ entries }) => entries.join())).toEqual(["1,2", "2", "1,2", "2"]);
  // One for who came first, and one for all who came while that was under way.
  expect(reads.length - before).toBe(2);
});

test("whoever asks while a read is under way sees what was published before it asked", async () => {
  const { publish, readOn, hold } = shared();
  const { cursor } = await readOn(null);
  const release = hold();
  const first = readOn(cursor);
  await Promise.resolve();
  publish("1");
  const second = readOn(cursor);
  release();
  await first;
  expect((await second).entries).toEqual(["1"]);
});

test("a read that failed fails those who waited for it, and nobody after", async () => {
  const { feed, publish, readOn } = shared();
  const { cursor } = await readOn(null);
  feed.fail = true;
  const failed = await Promise.allSettled([readOn(cursor), readOn(cursor)]);
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  feed.fail = false;
  publish("1");
  expect((await readOn(cursor)).entries).toEqual(["1"]);
});

test("another history, or less of it, is seen by everybody who followed the one before", async () => {
  const { feed, publish, readOn } = shared();
  for (const jti of ["1", "2"]) publish(jti);
  const { cursor } = await readOn(null);
  feed.entries = [];
  expect((await readOn(cursor)).continues).toBe(false);
  feed.epoch = "b";
  publish("3");
  const anew = await readOn(null);
  expect([anew.entries, anew.state.map(({ epoch }) => epoch)]).toEqual([["3"], ["b"]]);
  publish("4");
  expect((await readOn(anew.cursor)).entries).toEqual(["4"]);
});
