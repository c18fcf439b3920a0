import { expect, test } from "vitest";
import type { RevocationEntry } from "../../../src/revocation/entry.ts";
import { feedEntry, readFeedEntry } from "../../../src/revocation/feed-entry.ts";
import { FeedLog } from "../../../src/revocation/feed-log.ts";
import { placeText, readPlace } from "../../../src/revocation/feed-place.ts";
import type { FeedReader } from "../../../src/revocation/feed-stream.ts";
import { FeedStreams } from "../../../src/revocation/feed-streams.ts";
import { RevocationView } from "../../../src/revocation/view.ts";

const EPOCHS = ["a"];
const reader: FeedReader = {
  ...{ jti: "", sid: null, sub: "c_1", clientId: "c_1", kid: "", issuedAt: 1000, until: 1_000_000 },
};
const entry = (jti: string, at: number): RevocationEntry => ({ target: { kind: "token", jti }, at, expires: 500_000 });

/** Streams of a gateway whose clock, and whose beats, a test makes. */
function streams(log = new FeedLog()) {
  const clock = { now: 1000 };
  const view = new RevocationView();
  const follower = { position: { epochs: EPOCHS, cursor: ["0"] }, age: 0 as number | null };
  let beat = (): void => {};
  const feed = new FeedStreams(
    {
      ...{ view, follower, maxStaleness: 60_000, now: () => clock.now, monotonic: () => clock.now },
      wait: (_milliseconds, signal) =>
        new Promise((resolve) => {
          beat = resolve;
          signal.addEventListener("abort", () => resolve());
        }),
    },
    log,
  );
  const publish = (...entries: RevocationEntry[]): void => {
    for (const each of entries) view.apply(each);
    follower.position = { epochs: EPOCHS, cursor: [String(Number(follower.position.cursor[0]) + entries.length)] };
    feed.advance(entries, follower.position);
  };
  return { feed, clock, view, follower, publish, beat: () => beat() };
}

function opened(feed: FeedStreams, resume: string | null = null): ReadableStreamDefaultReader<Uint8Array> {
  const stream = feed.open(reader, resume === null ? null : readPlace(resume), 10);
  if (typeof stream === "string") throw new Error(stream);
  return stream.getReader();
}

async function message(from: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value, done } = await from.read();
  return done ? "(end)" : new TextDecoder().decode(value);
}

const names = async (from: ReadableStreamDefaultReader<Uint8Array>, count: number): Promise<string[]> => {
  const found: string[] = [];
  for (let index = 0; index < count; index += 1) found.push(/event: (\w+)/.exec(await message(from))?.[1] ?? "(end)");
  return found;
};

test("a follower that takes nothing is cut, and holds nothing meanwhile", async () => {
  const { feed, clock, publish, beat } = streams();
  const slow = opened(feed);
  expect(await names(slow, 2)).toEqual(["start", "entries"]);
  for (let index = 0; index < 1000; index += 1) publish(entry(`t${index}`, 1000));
  clock.now += 15_000;
  beat();
  await Promise.resolve();
  expect(feed.size).toBe(1);
  clock.now += 1;
  beat();
  await expect(slow.closed).rejects.toThrow("takes nothing");
  expect(feed.size).toBe(0);
  feed.close();
});

test("one that has fallen behind the log comes to an end, and starts over", async () => {
  const { feed, publish } = streams(new FeedLog(10));
  const behind = opened(feed);
  const first = [await message(behind), await message(behind), await message(behind)].join("");
  const id = /id: (.*)/.exec(first)?.[1] ?? "";
  for (let index = 0; index < 20; index += 1) publish(entry(`t${index}`, 1000 + index));
  expect(await message(behind)).toBe("(end)");
  const again = opened(feed, id);
  expect(await message(again)).toContain('"snapshot":true');
  expect((await message(again)).match(/"jti"/g)).toHaveLength(20);
  feed.close();
});

test("one that waits is not stalled, however long nothing comes", async () => {
  const { feed, clock, beat, follower } = streams();
  const waiting = opened(feed);
  expect(await names(waiting, 3)).toEqual(["start", "entries", "view"]);
  const next = message(waiting);
  clock.now += 60_000;
  follower.age = 40_000;
  beat();
  expect(await next).toBe('event: view\ndata: {"as_of":21000}\n\n');
  feed.close();
});

test("another history: told at once that nothing is known, ended, and none of the old places is good", async () => {
  const { feed, follower, publish } = streams();
  publish(entry("1", 1000));
  const one = opened(feed);
  const opening = [await message(one), await message(one), await message(one), await message(one)].join("");
  const id = /id: (.*)/.exec(opening)?.[1] ?? "";
  follower.age = null;
  feed.restart();
  expect(await message(one)).toBe('event: view\ndata: {"as_of":null}\n\n');
  expect(await message(one)).toBe("(end)");
  expect(feed.open(reader, null, 10)).toBe("closed");
  follower.age = 0;
  // Repaired after a rollback: the positions are given again, in the same epoch.
  publish(entry("2", 2000));
  const again = opened(feed, id);
  expect(await message(again)).toContain('"snapshot":true');
  feed.close();
});

test("ends when its reader's time is over, or the reader is revoked", async () => {
  const { feed, clock, view, beat } = streams();
  const one = opened(feed);
  await names(one, 3);
  view.apply({ target: { kind: "client", clientId: "c_1", before: 1000 }, expires: 1e9 });
  beat();
  expect(await names(one, 2)).toEqual(["view", "(end)"]);
  const other = feed.open({ ...reader, issuedAt: 2000, until: 50_000 }, null, 10);
  if (typeof other === "string") throw new Error(other);
  const two = other.getReader();
  await names(two, 4);
  clock.now = 50_000;
  beat();
  expect(await names(two, 2)).toEqual(["view", "(end)"]);
  feed.close();
});

test("closing ends what is open, properly, and opens no more", async () => {
  const { feed } = streams();
  const one = opened(feed);
  await names(one, 3);
  const last = names(one, 2);
  feed.close();
  expect(await last).toEqual(["view", "(end)"]);
  expect(feed.open(reader, null, 10)).toBe("closed");
});

test("a place of before a rollback is not taken for one that is reached again", () => {
  const log = new FeedLog();
  const at = (cursor: string) => ({ epochs: EPOCHS, cursor: [cursor] });
  log.append([entry("new 8", 5000), entry("new 9", 5001)], at("9"));
  log.append([entry("new 10", 5002)], at("10"));
  const before = { ...at("9"), newest: 900 };
  expect(log.resumeAt(before, log.placeAt(at("10")))).toBe(0);
  expect(log.resumeAt({ ...before, newest: 5001 }, log.placeAt(at("10")))).toBe(1);
});

test("a place survives being written down, and nothing else is read as one", () => {
  const place = { newest: 17, epochs: ["x-Y_1", "b"], cursor: ["12-0-4", "0"] };
  expect(readPlace(placeText(place))).toEqual(place);
  for (const text of ["", "17", "17~a", "17~a~", "~a~1", "17~a b~1", "17~a~1\n", `17~${"a".repeat(65)}~1`, "17~a~1,"]) {
    expect(readPlace(text), text).toBe(null);
  }
  expect(readPlace(`17~${Array(3000).fill("a").join(",")}~1`)).toBe(null);
});

test.each([
  { target: { kind: "token", jti: "j" } },
  { target: { kind: "session", sid: "s" } },
  { target: { kind: "user", sub: "u", before: 0 } },
  { target: { kind: "client", clientId: "c", before: 1 } },
  { target: { kind: "key", kid: "k" } },
  { target: { kind: "all", before: 1 } },
] as const)("$target.kind is read as it was written, and not with a part missing", ({ target }) => {
  const held = { target, expires: 9 };
  const wire: Record<string, unknown> = { ...feedEntry(held) };
  expect(readFeedEntry(JSON.parse(JSON.stringify(wire)))).toEqual(held);
  for (const name of Object.keys(wire)) {
    const { [name]: _, ...lacking } = wire;
    expect(readFeedEntry(lacking), name).toBe(null);
    expect(readFeedEntry({ ...wire, [name]: name === "kind" ? "other" : {} }), name).toBe(null);
  }
});
