import { afterEach, beforeEach, expect, test } from "vitest";
import type { TokenFacts } from "../../../src/revocation/view.ts";
import { type FollowedRevocations, type FollowOptions, followRevocations } from "../../../src/verifier/index.ts";

/** One answer of a gateway, which a test writes piece by piece. */
interface Stream {
  readonly headers: Headers;
  send(event: string, data: unknown, id?: string): void;
  write(text: string): void;
  end(): void;
  break(): void;
  readonly aborted: boolean;
}

const facts = (jti: string): TokenFacts => ({ jti, sid: null, sub: "u", clientId: "c", kid: "k", issuedAt: 5 });
const token = (jti: string) => ({ kind: "token", jti, expires: 1e15 });

let clock = 0;
let streams: Stream[];
let problems: string[];
let asked = Promise.withResolvers<Stream>();
let statuses: number[];
let waits: { readonly milliseconds: number; readonly done: () => void }[];
let follower: FollowedRevocations;

beforeEach(() => {
  clock = 1000;
  [streams, problems, statuses, waits] = [[], [], [], []];
  asked = Promise.withResolvers<Stream>();
});
afterEach(() => follower.stop());

const gateway: NonNullable<FollowOptions["fetch"]> = async (_url, init) => {
  const status = statuses.shift() ?? 200;
  if (status !== 200) return new Response("no", { status });
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made;
    },
  });
  const utf8 = new TextEncoder();
  const write = (text: string): void => controller?.enqueue(utf8.encode(text));
  const stream: Stream = {
    headers: new Headers(init.headers),
    write,
    send: (event, data, id) =>
      write(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`),
    end: () => controller?.close(),
    break: () => controller?.error(new Error("reset")),
    get aborted() {
      return init.signal?.aborted === true;
    },
  };
  streams.push(stream);
  asked.resolve(stream);
  asked = Promise.withResolvers<Stream>();
  return new Response(body);
};

function follow(options: Partial<FollowOptions> = {}): Promise<Stream> {
  const first = asked.promise;
  follower = followRevocations({
    ...{ issuer: "https://app.example.com", clientId: "c_1", clientSecret: "a:b c" },
    ...{ fetch: gateway, monotonic: () => clock, now: () => clock },
    wait: (milliseconds, signal) =>
      new Promise((resolve) => {
        waits.push({ milliseconds, done: resolve });
        signal.addEventListener("abort", () => resolve());
      }),
    onProblem: (problem) => problems.push(problem.message),
    ...options,
  });
  return first;
}

/** Until what has been written is read: a message passes through a few promises. */
const read = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
};

const start = (at: Stream, snapshot = true, clockThere = 500): void =>
  at.send("start", { clock: clockThere, snapshot, max_staleness: 60_000 });

/** Lets the pause before another connection pass. */
async function again(): Promise<Stream> {
  await read();
  const next = asked.promise;
  for (const { done } of waits.splice(0)) done();
  return next;
}

test("knows nothing until it has caught up, then what the gateway knows", async () => {
  const stream = await follow();
  expect(stream.headers.get("authorization")).toBe(`Basic ${btoa("c_1:a%3Ab+c")}`);
  start(stream);
  stream.send("entries", [token("1")]);
  await read();
  expect([follower.stale, follower.age]).toEqual([true, null]);
  stream.send("entries", [token("2")], "place");
  stream.send("view", { as_of: 500 });
  await follower.ready;
  expect([follower.stale, follower.size]).toEqual([false, 2]);
  expect(["1", "2", "3"].map((jti) => follower.refuses(facts(jti)))).toEqual([true, true, false]);
});

test("counts the way of a message: one that comes late does not make an old view look new", async () => {
  const stream = await follow();
  // The answer took 3 s to come, whatever of that was the way there; what it says was true 2 s into the stream.
  clock = 4000;
  start(stream);
  stream.send("view", { as_of: 2500 });
  await follower.ready;
  expect(follower.age).toBe(1000);
  // Two messages that were held up somewhere for a minute and a half.
  clock = 94_000;
  stream.send("view", { as_of: 3500 });
  stream.send("view", { as_of: 4500 });
  await read();
  expect([follower.age, follower.stale]).toEqual([89_000, true]);
});

test("is stale after the gateway's bound, or one of its own, to the millisecond", async () => {
  for (const [bound, options] of [
    [60_000, {}],
    [5_000, { maxStaleness: 5_000 }],
  ] as const) {
    clock = 1000;
    const stream = await follow(options);
    start(stream);
    stream.send("view", { as_of: 500 });
    await follower.ready;
    clock = 1000 + bound;
    expect(follower.stale).toBe(false);
    clock += 1;
    expect(follower.stale).toBe(true);
    follower.stop();
  }
});

test("a gateway whose view is not complete takes the follower's word away at once, until it is", async () => {
  const stream = await follow();
  start(stream);
  stream.send("entries", [token("1")], "old");
  stream.send("view", { as_of: 500 });
  await follower.ready;
  stream.send("view", { as_of: null });
  await read();
  expect(follower.stale).toBe(true);
  stream.end();
  // Another history: everything from the start, on top of what is held.
  const second = await again();
  expect(second.headers.get("last-event-id")).toBe("old");
  start(second);
  second.send("entries", [token("2")], "new");
  await read();
  expect(follower.stale).toBe(true);
  second.send("view", { as_of: 500 });
  await read();
  expect(follower.stale).toBe(false);
  expect(["1", "2"].map((jti) => follower.refuses(facts(jti)))).toEqual([true, true]);
  second.end();
  expect((await again()).headers.get("last-event-id")).toBe("new");
});

test("goes on through a broken connection, and ages meanwhile", async () => {
  const stream = await follow();
  start(stream);
  stream.send("view", { as_of: 500 });
  await follower.ready;
  stream.break();
  const second = await again();
  expect(problems).toEqual(["reset"]);
  clock = 31_000;
  expect([follower.stale, follower.age]).toEqual([false, 30_000]);
  // Another gateway, which is itself behind: what was known before stays known.
  start(second, false, 9_000_000);
  second.send("view", { as_of: 8_900_000 });
  await read();
  expect(follower.age).toBe(30_000);
});

test("refused, it says so, and asks again more and more seldom", async () => {
  statuses = [401, 401, 503, 503, 503, 503, 503];
  const connected = follow();
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    await read();
    const [pause] = waits.filter(({ milliseconds }) => milliseconds !== 10_000);
    pauses.push(pause?.milliseconds ?? 0);
    for (const { done } of waits.splice(0)) done();
  }
  await connected;
  expect(problems.slice(0, 3)).toEqual([
    "the gateway answered 401 and not its revocations",
    "the gateway answered 401 and not its revocations",
    "the gateway answered 503 and not its revocations",
  ]);
  pauses.forEach((pause, attempt) => {
    const longest = Math.min(5_000, 250 * 2 ** attempt);
    expect(pause).toBeGreaterThanOrEqual(longest / 2);
    expect(pause).toBeLessThanOrEqual(longest);
  });
  expect(follower.stale).toBe(true);
});

test("a silent gateway is given up", async () => {
  const stream = await follow();
  start(stream);
  await read();
  clock += 10_000;
  // The watch over the connection; then the pause.
  for (const { done } of waits.splice(0)) done();
  const next = await again();
  expect([stream.aborted, next.aborted]).toEqual([true, false]);
  expect(problems).toEqual(["the gateway has been silent for too long"]);
});

test.each<readonly [string, (stream: Stream) => void]>([
  ["an entry of a kind that is not known", (stream) => stream.send("entries", [{ kind: "tenant", expires: 1 }])],
  ["an entry without an id", (stream) => stream.send("entries", [{ kind: "token", expires: 1 }])],
  ["entries that are no list", (stream) => stream.send("entries", { kind: "all", before: 1, expires: 1 })],
  ["a view of no time", (stream) => stream.send("view", { as_of: "now" })],
  ["no JSON", (stream) => stream.write("event: view\ndata: {\n\n")],
  ["a message without an end", (stream) => stream.write(`data: ${"x".repeat(5_000_000)}`)],
])("%s is not passed over: the connection is given up", async (_, spoil) => {
  const stream = await follow();
  start(stream);
  spoil(stream);
  stream.send("view", { as_of: 500 });
  await again();
  expect(follower.stale).toBe(true);
  expect(problems).toHaveLength(1);
});

test("a feed without its start says nothing of any time", async () => {
  const stream = await follow();
  stream.send("view", { as_of: 500 });
  await again();
  expect([follower.stale, problems.length]).toEqual([true, 1]);
});

test("messages in pieces, with carriage returns, comments and events of a later gateway are read all the same", async () => {
  const stream = await follow();
  start(stream);
  const text = `: a comment\r\nevent: entries\r\ndata: [${JSON.stringify(token("é"))},\r\ndata: ${JSON.stringify(token("2"))}]\r\n\r\nevent: more\ndata: ?\n\n`;
  for (const letter of text) stream.write(letter);
  stream.send("view", { as_of: 500 });
  await follower.ready;
  expect(["é", "2"].map((jti) => follower.refuses(facts(jti)))).toEqual([true, true]);
});

test("what has expired is forgotten, a minute after by this service's clock", async () => {
  const stream = await follow();
  start(stream);
  stream.send("entries", [{ kind: "key", kid: "k1", expires: 50_000 }]);
  stream.send("view", { as_of: 500 });
  await follower.ready;
  expect(follower.size).toBe(1);
  clock = 109_999;
  stream.send("view", { as_of: 500 });
  await read();
  expect(follower.size).toBe(1);
  clock = 110_000;
  stream.send("view", { as_of: 500 });
  await read();
  expect(follower.size).toBe(0);
});

test("stopped, it lets go and asks no more", async () => {
  const stream = await follow();
  follower.stop();
  await read();
  expect(stream.aborted).toBe(true);
  expect([streams.length, problems]).toEqual([1, []]);
});
