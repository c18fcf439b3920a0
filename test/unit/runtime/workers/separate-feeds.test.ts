import { expect, test } from "vitest";
import type { FeedReader } from "../../../../src/revocation/feed-stream.ts";
import { RevocationView } from "../../../../src/revocation/view.ts";
import { SeparateFeeds } from "../../../../src/runtime/workers/separate-feeds.ts";

const reader: FeedReader = {
  ...{ jti: "", sid: null, sub: "c_1", clientId: "c_1", kid: "", issuedAt: 1000, until: 1_000_000 },
};

/** Feeds whose followers wait until they are let go on. */
function feeds() {
  const clock = { now: 1000 };
  const waiting: (() => void)[] = [];
  let refreshed = 0;
  const follower = {
    position: { epochs: ["a"], cursor: ["0"] } as { epochs: string[]; cursor: string[] } | null,
    age: 0,
  };
  const made = new SeparateFeeds({
    ...{ view: new RevocationView(), follower, maxStaleness: 60_000, now: () => clock.now, monotonic: () => clock.now },
    wait: () => new Promise((resolve) => waiting.push(resolve)),
    refresh: async () => void refreshed++,
  });
  const open = (): ReadableStreamDefaultReader<Uint8Array> => {
    const stream = made.open(reader, null, 1);
    if (typeof stream === "string") throw new Error(stream);
    return stream.getReader();
  };
  return { feeds: made, clock, follower, open, goOn: () => waiting.shift()?.(), refreshed: () => refreshed };
}

const name = async (from: ReadableStreamDefaultReader<Uint8Array>): Promise<string> => {
  const { value, done } = await from.read();
  return done ? "(end)" : (/event: (\w+)/.exec(new TextDecoder().decode(value))?.[1] ?? "");
};
/** Reads what a follower gets at once. */
const begin = async (from: ReadableStreamDefaultReader<Uint8Array>): Promise<string[]> => [
  await name(from),
  await name(from),
  await name(from),
];

test("a follower looks for itself, and comes back after as much as one request may ask for", async () => {
  const { open, goOn, refreshed } = feeds();
  const stream = open();
  expect(await begin(stream)).toEqual(["start", "entries", "view"]);
  let beats = 0;
  for (let end = false; !end; ) {
    const next = name(stream);
    await Promise.resolve();
    goOn();
    end = (await next) === "(end)";
    if (!end) beats++;
  }
  expect([beats, refreshed()]).toEqual([801, 800]);
});

test("one that takes nothing, or of which nothing is heard any more, leaves its place to the next", async () => {
  const { feeds: made, clock, open } = feeds();
  const stalled = open();
  await name(stalled);
  expect(made.open(reader, null, 1)).toBe("full");
  clock.now += 15_001;
  const silent = open();
  await begin(silent);
  void silent.read();
  await Promise.resolve();
  clock.now += 15_001;
  open();
  expect(made.size).toBe(1);
  expect(await name(stalled)).not.toBe("start");
});

test("ends where the gateway no longer knows all, and begins only where it does", async () => {
  const { feeds: made, follower, open } = feeds();
  const stream = open();
  await begin(stream);
  follower.position = null;
  expect([await name(stream), await name(stream)]).toEqual(["view", "(end)"]);
  expect(made.open(reader, null, 1)).toBe("closed");
});
