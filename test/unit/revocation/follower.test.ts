import { expect, test } from "vitest";
import type { RevocationEntry } from "../../../src/revocation/entry.ts";
import type { FeedCursor, FeedPage } from "../../../src/revocation/feed.ts";
import { FeedFollower } from "../../../src/revocation/follower.ts";
import { RevocationView, type TokenFacts } from "../../../src/revocation/view.ts";

const facts = (jti: string): TokenFacts => ({ jti, sid: null, sub: "u", clientId: "c", kid: "k", issuedAt: 5 });

/** A feed in memory that a test can break, hold back and replace. */
function memoryFeed() {
  const feed = { entries: [] as RevocationEntry[], epoch: "a", fail: false, reads: 0 };
  const read = async (after: FeedCursor | null, limit: number): Promise<FeedPage> => {
    feed.reads++;
    if (feed.fail) throw new Error("store gone");
    const from = Number(after?.[0] ?? 0);
    const entries = feed.entries.slice(from, from + Math.min(limit, 2));
    const to = from + entries.length;
    const state = [{ epoch: feed.epoch, last: String(feed.entries.length) }];
    return { entries, cursor: [String(to)], end: to === feed.entries.length, state, now: 10 };
  };
  const publish = (jti: string) => feed.entries.push({ target: { kind: "token", jti }, at: 1, expires: 1000 });
  return { feed, read, publish };
}

function followerOf(
  read: (after: FeedCursor | null, limit: number) => Promise<FeedPage>,
  onKeyRevoked = async (): Promise<void> => {},
) {
  const clock = { now: 0 };
  const view = new RevocationView();
  const follower = new FeedFollower({
    view,
    read,
    onKeyRevoked,
    monotonic: () => clock.now,
    wait: (_milliseconds, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
    interval: 25,
    maxStaleness: 60_000,
  });
  return { clock, view, follower };
}

test("is not caught up until it has read to the end, over several pages", async () => {
  const { read, publish } = memoryFeed();
  for (const jti of ["1", "2", "3", "4", "5"]) publish(jti);
  const { follower, view } = followerOf(read);
  expect(follower.state).toBe("catching_up");
  await follower.start();
  expect(follower.state).toBe("fresh");
  expect(["1", "5"].every((jti) => view.refuses(facts(jti)))).toBe(true);
  await follower.stop();
});

test("a store that is gone at the start leaves it catching up, and the next read mends it", async () => {
  const { feed, read, publish } = memoryFeed();
  publish("1");
  feed.fail = true;
  const { follower, view } = followerOf(read);
  await follower.start();
  expect(follower.state).toBe("catching_up");
  feed.fail = false;
  await follower.catchUp();
  expect(follower.state).toBe("fresh");
  expect(view.refuses(facts("1"))).toBe(true);
  await follower.stop();
});

test("ages from the beginning of the last read that came to the end", async () => {
  const { feed, read } = memoryFeed();
  const { follower, clock } = followerOf(read);
  await follower.catchUp();
  clock.now = 1000;
  expect(follower.state).toBe("fresh");
  clock.now = 1001;
  expect(follower.state).toBe("aging");
  feed.fail = true;
  await expect(follower.catchUp()).rejects.toThrow("store gone");
  clock.now = 60_000;
  expect(follower.state).toBe("aging");
  clock.now = 60_001;
  expect(follower.state).toBe("stale");
});

test("catchUp sees what was published before it was called, also while a read is under way", async () => {
  const { read, publish } = memoryFeed();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let first = true;
  const { follower, view } = followerOf(async (after, limit) => {
    const page = await read(after, limit);
    if (first) {
      first = false;
      await held;
    }
    return page;
  });
  const slow = follower.catchUp();
  publish("late");
  const second = follower.catchUp();
  release();
  await Promise.all([slow, second]);
  expect(view.refuses(facts("late"))).toBe(true);
});

test("another epoch is another history: everything is read again from its start", async () => {
  const { feed, read, publish } = memoryFeed();
  publish("1");
  publish("2");
  const { follower, view } = followerOf(read);
  await follower.catchUp();
  feed.epoch = "b";
  feed.entries = [];
  publish("3");
  await follower.catchUp();
  expect(view.refuses(facts("3"))).toBe(true);
  expect(view.refuses(facts("1"))).toBe(true);
  expect(follower.state).toBe("fresh");
});

test("an entry of a revoked key counts as read when the key signs no more, and not before", async () => {
  const { feed, read } = memoryFeed();
  const ring = { fail: true, reloads: 0 };
  const { follower, view } = followerOf(read, async () => {
    ring.reloads++;
    if (ring.fail) throw new Error("store gone");
  });
  feed.entries.push({ target: { kind: "key", kid: "k" }, at: 1, expires: 1000 });
  await expect(follower.catchUp()).rejects.toThrow("store gone");
  expect(view.refuses(facts("1"))).toBe(true);
  expect([follower.state, follower.cursor]).toEqual(["catching_up", null]);
  ring.fail = false;
  await follower.catchUp();
  expect([follower.state, follower.cursor]).toEqual(["fresh", ["1"]]);
  await follower.catchUp();
  expect(ring.reloads).toBe(2);
});
