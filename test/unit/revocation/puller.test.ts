import { expect, test } from "vitest";
import type { RevocationEntry } from "../../../src/revocation/entry.ts";
import type { FeedCursor, FeedPage } from "../../../src/revocation/feed.ts";
import { FeedPuller, type PullerOptions } from "../../../src/revocation/puller.ts";
import { RevocationView, type TokenFacts } from "../../../src/revocation/view.ts";

const facts = (jti: string): TokenFacts => ({ jti, sid: null, sub: "u", clientId: "c", kid: "k", issuedAt: 5 });
const BOUND = 1_000;

/** A feed in memory that a test can break, hold back, replace and roll back, and a puller of it. */
function pulled(more: Partial<PullerOptions> = {}) {
  const feed = { entries: [] as RevocationEntry[], epoch: "a", fail: false, reads: 0 };
  const clock = { now: 0 };
  const told: string[] = [];
  const view = new RevocationView();
  const held: (() => void)[] = [];
  const gate = { closed: false };
  async function read(after: FeedCursor | null): Promise<FeedPage> {
    feed.reads += 1;
    const from = Number(after?.[0] ?? 0);
    const entries = feed.entries.slice(from, from + 2);
    const to = from + entries.length;
    const page = {
      ...{ entries, cursor: [String(to)], end: to >= feed.entries.length, continues: from <= feed.entries.length },
      ...{ state: [{ epoch: feed.epoch, last: String(feed.entries.length) }], now: 10 },
    };
    if (gate.closed) await new Promise<void>((resolve) => held.push(resolve));
    if (feed.fail) throw new Error("store gone");
    return page;
  }
  const puller = new FeedPuller({
    ...{ view, read, bound: BOUND, capacity: 1_000, maxStaleness: 60_000, interval: 0, readWait: 0 },
    news: async () => null,
    receipt: async (cursor) => void told.push(`receipt ${cursor}`),
    onKeyRevoked: async () => {},
    seal: async () => void told.push("sealed"),
    restore: async (entries) => void told.push(`restored ${entries.length}`),
    follows: () => {},
    restoreKeys: async () => {},
    onApplied: () => {},
    onRead: () => {},
    onAdvanced: () => {},
    onBroken: (cause) => void told.push(cause),
    onRepaired: async () => {},
    monotonic: () => clock.now,
    wait: async () => {},
    ...more,
  });
  const publish = (jti: string) => feed.entries.push({ target: { kind: "token", jti }, at: 1, expires: 1_000 });
  return { feed, clock, told, view, puller, publish, gate, held };
}

test("nothing is served from it before it has read to the end", async () => {
  const { puller, publish, view } = pulled();
  for (const jti of ["1", "2", "3"]) publish(jti);
  expect([puller.state, puller.need]).toEqual(["catching_up", "first"]);
  await puller.start();
  expect([puller.state, puller.need]).toEqual(["fresh", "none"]);
  expect(view.refuses(facts("3"))).toBe(true);
});

test("past half its bound it is pulled while it serves, by one request; past the bound before", async () => {
  const { puller, clock } = pulled();
  await puller.start();
  clock.now = BOUND / 2;
  expect(puller.need).toBe("none");
  clock.now += 1;
  expect(puller.need).toBe("soon");
  const pull = puller.catchUp();
  expect(puller.need).toBe("none");
  await pull;
  clock.now += BOUND + 1;
  expect(puller.need).toBe("first");
});

test("a pull that is under way lets nobody past the bound be served from before", async () => {
  const { puller, clock, gate, held } = pulled();
  await puller.start();
  clock.now = BOUND + 1;
  gate.closed = true;
  const pull = puller.catchUp();
  expect(puller.need).toBe("first");
  held.shift()?.();
  await pull;
  expect(puller.need).toBe("none");
});

test("only one that failed lets it be served from, up to its staleness", async () => {
  const { puller, clock, feed } = pulled();
  await puller.start();
  feed.fail = true;
  clock.now = BOUND + 1;
  await expect(puller.catchUp()).rejects.toThrow("store gone");
  expect([puller.state, puller.need]).toEqual(["aging", "none"]);
  clock.now += BOUND;
  expect(puller.need).toBe("first");
  clock.now = 60_001;
  expect(puller.state).toBe("stale");
});

test("pulls that overlap wait for each other's answers never, and lose nothing", async () => {
  const { puller, publish, view, gate, held } = pulled();
  await puller.start();
  gate.closed = true;
  publish("1");
  const first = puller.catchUp();
  publish("2");
  const second = puller.catchUp();
  held.pop()?.();
  await second;
  expect(view.refuses(facts("2"))).toBe(true);
  gate.closed = false;
  held.pop()?.();
  await first;
  expect(["1", "2"].every((jti) => view.refuses(facts(jti)))).toBe(true);
  expect(puller.cursor).toEqual(["2"]);
});

test("services are told of each entry once, and of no more completeness than of what they were told", async () => {
  const advanced: string[] = [];
  const { puller, publish, gate, held, clock } = pulled({
    onAdvanced: (entries, { cursor }) => void advanced.push(`${entries.length} to ${cursor}`),
  });
  expect([puller.position, puller.positionAge]).toEqual([null, null]);
  publish("1");
  await puller.start();
  gate.closed = true;
  clock.now = 100;
  const first = puller.catchUp();
  publish("2");
  clock.now = 200;
  const second = puller.catchUp();
  held.shift()?.();
  await first;
  held.shift()?.();
  await second;
  // The second has seen what nobody was told of: the view is as new as that, and what was told is not.
  expect([puller.age, puller.positionAge, puller.position?.cursor]).toEqual([0, 100, ["1"]]);
  gate.closed = false;
  await puller.catchUp();
  expect([puller.positionAge, puller.position]).toEqual([0, { epochs: ["a"], cursor: ["2"] }]);
  expect(advanced).toEqual(["1 to 1", "1 to 2"]);
});

test("it says how far it has read when that has moved", async () => {
  const { puller, publish, told } = pulled();
  await puller.start();
  publish("1");
  await puller.catchUp();
  await puller.catchUp();
  expect(told).toEqual(["receipt 0", "receipt 1"]);
});

test("a store that was rolled back gets what it lost, one that was wiped is sealed first", async () => {
  const { puller, publish, told, feed } = pulled();
  publish("1");
  publish("2");
  await puller.start();
  feed.entries.pop();
  await puller.catchUp();
  expect(told).toContain("rolled_back");
  expect(told).toContain("restored 1");
  feed.epoch = "b";
  await puller.catchUp();
  expect(told.slice(told.indexOf("epoch_mismatch"))).toContain("sealed");
  expect(puller.state).toBe("fresh");
});

test("with more entries than it may hold it holds none, and is asked about each token until there is room", async () => {
  const { puller, publish, view, feed, told } = pulled({ capacity: 4 });
  for (const jti of ["1", "2", "3", "4", "5", "6"]) publish(jti);
  await puller.start();
  expect([puller.crowded, view.size, puller.state, puller.need]).toEqual([true, 0, "fresh", "none"]);
  puller.told({ refused: false, live: 6, cursor: ["9"] });
  expect([puller.crowded, puller.cursor]).toEqual([true, ["9"]]);
  expect([puller.position, puller.positionAge]).toEqual([null, null]);
  await puller.catchUp();
  expect(told.at(-1)).toBe("receipt 6");
  feed.entries.splice(0, feed.entries.length);
  publish("7");
  puller.told({ refused: false, live: 1, cursor: ["9"] });
  expect([puller.crowded, puller.state, puller.need]).toEqual([false, "catching_up", "first"]);
  await puller.start();
  expect([view.refuses(facts("7")), puller.state]).toEqual([true, "fresh"]);
});
