import { expect, test } from "vitest";
import type { FeedCursor, FeedNews } from "../../../src/revocation/feed.ts";
import { FeedFollower } from "../../../src/revocation/follower.ts";
import { RevocationView } from "../../../src/revocation/view.ts";
import { facts, memoryFeed } from "./memory-feed.ts";

type Options = ConstructorParameters<typeof FeedFollower>[0];

function followerOf(read: Options["read"], more: Partial<Options> = {}) {
  const clock = { now: 0 };
  const view = new RevocationView();
  const told: string[] = [];
  const follower = new FeedFollower({
    view,
    read,
    news: async () => null,
    receipt: async () => {},
    onKeyRevoked: async () => {},
    seal: async () => void told.push("sealed"),
    restore: async (held) => void told.push(`restored ${held.length}`),
    follows: () => {},
    restoreKeys: async () => void told.push("keys"),
    onApplied: () => {},
    onRead: () => {},
    onAdvanced: () => {},
    onBroken: (cause) => void told.push(cause),
    onRepaired: async (cause, restored) => void told.push(`${cause} repaired: ${restored}`),
    monotonic: () => clock.now,
    wait: (_milliseconds, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
    interval: 25,
    readWait: 0,
    maxStaleness: 60_000,
    ...more,
  });
  return { clock, view, follower, told };
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

test("another epoch: sealed first, then what is held is written back, with the keys last, and only what is missing", async () => {
  const { feed, read, add, publish, jtis } = memoryFeed();
  const order: string[] = [];
  const { follower, view, told } = followerOf(read, {
    seal: async (from, seen) => {
      order.push(`seal ${from} ${seen}`);
      add({ kind: "all", before: 4 });
    },
    restore: async (held) => {
      order.push("restore");
      for (const { target } of held) add(target);
    },
    restoreKeys: async () => void order.push("keys"),
    onKeyRevoked: async () => void order.push("reload"),
  });
  for (const jti of ["1", "2", "3"]) publish(jti);
  await follower.catchUp();
  feed.epoch = "b";
  feed.entries = [];
  publish("2");
  publish("new");
  await follower.catchUp();
  expect(order).toEqual(["seal a 10", "restore", "keys", "reload"]);
  expect(jtis()).toEqual(["2", "new", "all", "1", "3"]);
  expect(["1", "2", "3", "new"].every((jti) => view.refuses(facts(jti)))).toBe(true);
  expect(view.refuses({ ...facts("other"), issuedAt: 4 })).toBe(true);
  expect(view.refuses(facts("other"))).toBe(false);
  expect(told).toEqual(["epoch_mismatch", "epoch_mismatch repaired: 2"]);
  expect(follower.state).toBe("fresh");
  await follower.catchUp();
  expect(order).toHaveLength(4);
});

test("rolled back: what was lost is written back without a seal", async () => {
  const { feed, read, add, publish, jtis } = memoryFeed();
  const { follower, told } = followerOf(read, {
    restore: async (held) => {
      for (const { target } of held) add(target);
    },
  });
  for (const jti of ["1", "2", "3"]) publish(jti);
  await follower.catchUp();
  feed.entries = feed.entries.slice(0, 1);
  await follower.catchUp();
  expect(jtis()).toEqual(["1", "2", "3"]);
  expect(told).toEqual(["rolled_back", "keys", "rolled_back repaired: 2"]);
  expect([follower.state, follower.cursor]).toEqual(["fresh", ["3"]]);
});

test("rolled back, and wiped before it is mended: sealed as after a wipe", async () => {
  const { feed, read, publish } = memoryFeed();
  const { follower, told } = followerOf(async (after, limit) => {
    // The repair reads from the start.
    if (after === null && feed.entries.length === 1) feed.epoch = "b";
    return read(after, limit);
  });
  for (const jti of ["1", "2", "3"]) publish(jti);
  await follower.catchUp();
  feed.entries = feed.entries.slice(0, 1);
  await follower.catchUp();
  expect(told).toEqual(["rolled_back", "epoch_mismatch", "sealed", "restored 2", "keys", "epoch_mismatch repaired: 2"]);
});

test("the store is told how far it has been followed, and of another history when that has been given back what it lost", async () => {
  const { feed, read, publish } = memoryFeed();
  const { news, next } = heldNews();
  const { follower, told } = followerOf(read, {
    ...{ news, interval: 0, readWait: 750 },
    follows: ({ epochs, cursor }) => void told.push(`follows ${epochs} ${cursor}`),
  });
  for (const jti of ["1", "2", "3"]) publish(jti);
  const waiting = next();
  await follower.start();
  const after = next();
  publish("4");
  (await waiting).answer(newsOf("4", "4"));
  await after;
  expect(told.splice(0)).toEqual(["follows a 2", "follows a 3", "follows a 4"]);
  feed.epoch = "b";
  feed.entries = [];
  await follower.catchUp();
  const repaired = ["sealed", "restored 4", "follows b 0", "keys", "epoch_mismatch repaired: 4"];
  expect(told).toEqual(["epoch_mismatch", ...repaired, "follows b 0", "follows b 0"]);
  await follower.stop();
});

test("nothing passes until the repair is done, and it is done over when it was interrupted", async () => {
  const { feed, read, publish } = memoryFeed();
  const states: string[] = [];
  let failing = 2;
  const { follower, told } = followerOf(read, {
    restore: async () => {
      states.push(follower.state);
      failing--;
      if (failing > 0) throw new Error("store gone");
    },
  });
  publish("1");
  await follower.catchUp();
  feed.epoch = "b";
  feed.entries = [];
  await expect(follower.catchUp()).rejects.toThrow("store gone");
  expect(follower.state).toBe("epoch_mismatch");
  await follower.catchUp();
  expect(states).toEqual(["epoch_mismatch", "epoch_mismatch"]);
  expect(told).toEqual(["epoch_mismatch", "sealed", "sealed", "keys", "epoch_mismatch repaired: 1"]);
  expect(follower.state).toBe("fresh");
});

test("a history that changes again while it is being repaired is repaired from where the view comes from", async () => {
  const { feed, read, publish } = memoryFeed();
  const seals: string[] = [];
  const { follower } = followerOf(
    async (after, limit) => {
      const page = await read(after, limit);
      if (feed.epoch === "b" && after?.[0] === "2") feed.epoch = "c";
      return page;
    },
    { seal: async (from) => void seals.push(`${from} to ${feed.epoch}`) },
  );
  for (const jti of ["1", "2", "3", "4", "5"]) publish(jti);
  await follower.catchUp();
  feed.epoch = "b";
  await expect(follower.catchUp()).rejects.toThrow("changed again");
  await follower.catchUp();
  expect(seals).toEqual(["a to b", "a to c"]);
  expect(follower.state).toBe("fresh");
});

/** What a test lets come, and when, to a follower that waits for it. */
function heldNews() {
  let call = Promise.withResolvers<{
    after: FeedCursor;
    milliseconds: number;
    answer: (news: FeedNews | null) => void;
  }>();
  const news: Options["news"] = (after, _limit, milliseconds) =>
    new Promise((answer) => {
      const { resolve } = call;
      call = Promise.withResolvers();
      resolve({ after, milliseconds, answer });
    });
  return { news, next: () => call.promise };
}

const newsOf = (jti: string, position: string): FeedNews => ({
  entries: [{ target: { kind: "token", jti }, at: 4, expires: 1000 }],
  cursor: [position],
});

test("what comes between two reads is applied at once, and does not make the view fresher", async () => {
  const { read, publish } = memoryFeed();
  const { news, next } = heldNews();
  const lags: number[] = [];
  const { follower, view, clock } = followerOf(read, {
    ...{ news, interval: 0, readWait: 750 },
    onRead: (_entries, lag) => void lags.push(lag),
  });
  const waiting = next();
  await follower.start();
  const first = await waiting;
  expect([first.after, first.milliseconds]).toEqual([["0"], 750]);
  clock.now = 700;
  publish("1");
  const after = next();
  first.answer(newsOf("1", "1"));
  const second = await after;
  expect([second.after, second.milliseconds, follower.age]).toEqual([["1"], 50, 700]);
  expect(view.refuses(facts("1"))).toBe(true);
  // Published at 4; the store's clock showed 10 when it was read, 700 ms ago.
  expect(lags).toEqual([706]);
  const third = next();
  clock.now = 750;
  second.answer(null);
  expect([(await third).milliseconds, follower.age]).toEqual([750, 0]);
  await follower.stop();
});

test("a read to the end does not wait for what is waited for, and the position does not go back with that", async () => {
  const { read, publish } = memoryFeed();
  const { news, next } = heldNews();
  const { follower, view } = followerOf(read, { news, interval: 0, readWait: 750 });
  const waiting = next();
  await follower.start();
  const { answer } = await waiting;
  publish("1");
  publish("2");
  await follower.catchUp();
  expect(view.refuses(facts("2"))).toBe(true);
  const after = next();
  answer(newsOf("1", "1"));
  expect((await after).after).toEqual(["2"]);
  await follower.stop();
});

test("while it cannot wait for entries it reads to the end, after a pause", async () => {
  const { read, publish } = memoryFeed();
  const pauses: number[] = [];
  let waits = 0;
  const caughtUp = Promise.withResolvers<void>();
  const { follower, view } = followerOf(
    async (after, limit) => {
      if (pauses.length === 3) caughtUp.resolve();
      return read(after, limit);
    },
    {
      ...{ interval: 0, readWait: 750 },
      news: () => {
        waits++;
        if (waits === 3) publish("1");
        return waits > 3 ? new Promise(() => {}) : Promise.reject(new Error("no connection"));
      },
      wait: async (milliseconds) => void pauses.push(milliseconds),
    },
  );
  await follower.start();
  await caughtUp.promise;
  await follower.stop();
  expect(pauses).toEqual([50, 50, 50]);
  expect(view.refuses(facts("1"))).toBe(true);
});

test("a read whose receipt the store does not take is applied, and does not count as fresh", async () => {
  const { read, publish } = memoryFeed();
  const receipts: FeedCursor[] = [];
  let refusing = true;
  const { follower, view, clock } = followerOf(read, {
    receipt: async (cursor) => {
      receipts.push(cursor);
      if (refusing) throw new Error("too few replicas");
    },
  });
  publish("1");
  await follower.catchUp();
  expect([follower.state, follower.cursor]).toEqual(["catching_up", ["1"]]);
  expect(view.refuses(facts("1"))).toBe(true);
  refusing = false;
  await follower.catchUp();
  expect(follower.state).toBe("fresh");
  refusing = true;
  clock.now = 1001;
  await follower.catchUp();
  expect([follower.state, follower.age]).toEqual(["aging", 1001]);
  expect(receipts).toEqual([[], ["1"], ["1"]]);
});

test("a repaired history is read once more, with a receipt, before the view is fresh", async () => {
  const { feed, read, publish } = memoryFeed();
  let refusing = false;
  const { follower } = followerOf(read, {
    receipt: async () => {
      if (refusing) throw new Error("too few replicas");
    },
  });
  publish("1");
  await follower.catchUp();
  feed.epoch = "b";
  refusing = true;
  await follower.catchUp();
  expect(follower.state).toBe("catching_up");
  refusing = false;
  await follower.catchUp();
  expect(follower.state).toBe("fresh");
});

test("an entry of a revoked key counts as read when the key signs no more, and not before", async () => {
  const { feed, read } = memoryFeed();
  const ring = { fail: true, reloads: 0 };
  const { follower, view } = followerOf(read, {
    onKeyRevoked: async () => {
      ring.reloads++;
      if (ring.fail) throw new Error("store gone");
    },
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
