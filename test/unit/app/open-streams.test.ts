import { describe, expect, test } from "vitest";
import { type OpenStream, type OpenStreamsOptions, StreamRegistry } from "../../../src/app/open-streams.ts";
import type { Observation } from "../../../src/observe/observation.ts";
import type { StreamKind } from "../../../src/observe/streams.ts";
import { RevocationView } from "../../../src/revocation/view.ts";
import type { Session } from "../../../src/sessions/session.ts";
import type { Principal } from "../../../src/tokens/principal.ts";

const START = 1_700_000_000_000;
const EXP = START / 1000 + 300;
const DAY = 86_400_000;

const PRINCIPAL: Principal = {
  ...{ sub: "u_1", name: "alice", sid: "s_1", clientId: "postern", jti: "j_1", kid: "k", issuedAt: START },
  ...{ exp: EXP, authTime: START / 1000, amr: ["pwd"], roles: [], scopes: [] },
};
const SERVICE: Principal = { ...PRINCIPAL, sub: "c_1", clientId: "c_1", sid: null, name: null };

const session = (more: Partial<Session> = {}): Session => ({
  ...{
    sid: "s_1",
    sub: "u_1",
    clientId: "postern",
    channel: "cookie",
    createdAt: START,
    authTime: START,
    amr: ["pwd"],
  },
  ...{ scopes: null, generation: 0, rotatedAt: START, shown: true, rHash: "", secretId: "", context: "" },
  ...{ lastUsedAt: START, idleEndsAt: START + DAY, absoluteEndsAt: START + 90 * DAY, address: "", userAgent: "" },
  ...more,
});

/** A registry in a time that a test moves: `pass` lets it go by in the steps that the registry asks for. */
function registryOf(answer: () => Promise<Session | null> = async () => session()) {
  let time = 0;
  const sleepers = new Set<{ readonly until: number; wake(): void }>();
  const world = {
    age: 0 as number | null,
    servesStale: true,
    asked: 0,
    asking: 0,
    mostAsking: 0,
    judged: 0,
    /** How long judging one stream takes. */
    judging: 0,
    cuts: [] as string[],
    observed: [] as Observation[],
  };
  const view = new RevocationView();
  const options: OpenStreamsOptions = {
    view: {
      refuses(token) {
        world.judged++;
        time += world.judging;
        return view.refuses(token);
      },
    },
    viewAge: () => world.age,
    viewProblem: (serveStale) => (serveStale && world.servesStale ? null : { code: "stale_view" }),
    async session() {
      world.asked++;
      world.mostAsking = Math.max(world.mostAsking, ++world.asking);
      try {
        return await answer();
      } finally {
        world.asking--;
      }
    },
    ...{ maxStaleness: 60_000, accessTtl: 300_000, now: () => START + time, monotonic: () => time },
    wait: (milliseconds) =>
      new Promise((resolve) => {
        const sleeper = {
          until: time + milliseconds,
          wake() {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
      }),
    observe: (event) => world.observed.push(event),
  };
  const streams = new StreamRegistry(options);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    ...{ world, view, streams },
    open(
      name: string,
      more: {
        readonly kind?: StreamKind;
        readonly principal?: Principal;
        readonly route?: Partial<OpenStream["route"]>;
      } = {},
    ): OpenStream {
      const stream: OpenStream = {
        streamKind: more.kind ?? "websocket",
        principal: more.principal ?? PRINCIPAL,
        route: { onStale: "refuse", streams: "session", ...more.route },
        cut: (cut) => world.cuts.push(`${name}: ${cut}`),
      };
      streams.add(stream);
      return stream;
    },
    async pass(milliseconds: number) {
      const end = time + milliseconds;
      await settle();
      for (;;) {
        const [next] = [...sleepers].sort((one, other) => one.until - other.until);
        if (next === undefined || next.until > end) break;
        time = Math.max(time, next.until);
        next.wake();
        await settle();
      }
      time = Math.max(time, end);
    },
    revoke(sid: string) {
      view.apply({ target: { kind: "session", sid }, expires: START + DAY });
      streams.viewChanged();
    },
    sleeping: () => sleepers.size,
  };
}

describe("revocation", () => {
  test("cuts what it names at once, and nothing else", () => {
    const { open, revoke, world, streams } = registryOf();
    open("one");
    open("other", { principal: { ...PRINCIPAL, sid: "s_2" }, kind: "event_stream" });
    revoke("s_1");
    expect(world.cuts).toEqual(["one: token_revoked"]);
    expect(world.observed).toEqual([{ kind: "stream_cut", stream: "websocket", cut: "token_revoked" }]);
    expect(streams.counts).toEqual({ websocket: 0, event_stream: 1, response: 0, download: 0 });
    revoke("s_1");
    expect(world.cuts).toHaveLength(1);
  });

  test("that came while the request was on its way cuts what it becomes", () => {
    const { open, revoke, world, streams } = registryOf();
    revoke("s_1");
    open("late");
    expect(world.cuts).toEqual(["late: token_revoked"]);
    expect(streams.counts.websocket).toBe(0);
  });

  test("of a million tokens costs a part of the time, and cuts all the same", async () => {
    const { open, revoke, pass, world } = registryOf();
    for (let index = 0; index < 100; index++) open(String(index), { principal: { ...PRINCIPAL, sid: `s_${index}` } });
    world.judging = 0.1;
    world.judged = 0;
    for (let page = 0; page < 1000; page++) revoke(`s_${page}`);
    // The first page was judged at once; the others together, after a rest.
    expect([world.judged, world.cuts.length]).toEqual([100, 1]);
    await pass(90);
    expect([world.judged, world.cuts.length]).toEqual([199, 100]);
  });

  test("of one that has ended by itself concerns nobody", () => {
    const { open, revoke, world, streams } = registryOf();
    const stream = open("ended");
    streams.remove(stream);
    streams.remove(stream);
    revoke("s_1");
    expect(world.cuts).toEqual([]);
    expect(streams.counts.websocket).toBe(0);
  });
});

describe("when the token expires", () => {
  test("a stream under a session goes on while the store knows the session, asked once", async () => {
    const { open, pass, world } = registryOf();
    open("long");
    await pass(299_000);
    expect(world.asked).toBe(0);
    await pass(3_600_000);
    expect([world.asked, world.cuts]).toEqual([1, []]);
  });

  test("and ends with a revocation after that", async () => {
    const { open, pass, revoke, world } = registryOf();
    open("long");
    await pass(3_600_000);
    revoke("s_1");
    expect(world.cuts).toEqual(["long: token_revoked"]);
  });

  test("a stream whose session is gone is cut", async () => {
    const { open, pass, world } = registryOf(async () => null);
    open("orphan");
    await pass(301_000);
    expect(world.cuts).toEqual(["orphan: session_ended"]);
  });

  test("the store is asked again when the session's time is over", async () => {
    let alive = true;
    const idleEndsAt = START + 600_000;
    const { open, pass, world } = registryOf(async () => (alive ? session({ idleEndsAt }) : null));
    open("idle");
    await pass(599_000);
    expect(world.asked).toBe(1);
    alive = false;
    await pass(2_000);
    expect([world.asked, world.cuts]).toEqual([2, ["idle: session_ended"]]);
  });

  test("without a session it is cut, and on a route that says so", async () => {
    const { open, pass, world } = registryOf();
    open("service", { principal: SERVICE });
    open("events", { principal: SERVICE, kind: "event_stream" });
    open("strict", { route: { streams: "token" } });
    await pass(299_999);
    expect(world.cuts).toEqual([]);
    await pass(1);
    expect(world.cuts).toEqual(["service: token_expired", "events: token_expired", "strict: token_expired"]);
    expect(world.asked).toBe(0);
  });

  test("a response that began just before may end; one that says how long it is ends by itself", async () => {
    const { open, pass, revoke, world } = registryOf();
    await pass(299_000);
    open("response", { principal: SERVICE, kind: "response" });
    open("download", { principal: SERVICE, kind: "download" });
    open("download of s_1", { kind: "download" });
    await pass(9_000);
    expect(world.cuts).toEqual([]);
    await pass(3_600_000);
    expect(world.cuts).toEqual(["response: token_expired"]);
    revoke("s_1");
    expect(world.cuts.slice(1)).toEqual(["download of s_1: token_revoked"]);
  });

  test("of many, few are asked for at once", async () => {
    const { open, pass, world } = registryOf(async () => {
      await Promise.resolve();
      return null;
    });
    for (let index = 0; index < 100; index++) open(String(index));
    await pass(301_000);
    expect([world.cuts.length, world.asked, world.mostAsking]).toEqual([100, 100, 16]);
  });
});

describe("an outage", () => {
  test("past maxStaleness cuts, save where a route goes on without news", async () => {
    const { open, pass, world } = registryOf();
    open("plain");
    open("serving", { route: { onStale: "serve" } });
    world.age = 59_000;
    await pass(1_000);
    expect(world.cuts).toEqual([]);
    world.age = 61_000;
    await pass(1_000);
    expect(world.cuts).toEqual(["plain: stale_view"]);
  });

  test("in which the store's history is found broken is bounded alike, on every route", async () => {
    const { open, pass, world } = registryOf();
    open("serving", { route: { onStale: "serve" } });
    world.age = null;
    world.servesStale = false;
    await pass(59_000);
    expect(world.cuts).toEqual([]);
    await pass(2_000);
    expect(world.cuts).toEqual(["serving: stale_view"]);
  });

  test("in which a token expires is waited out, no longer than maxStaleness", async () => {
    let up = false;
    const { open, pass, world } = registryOf(async () => {
      if (!up) throw new Error("down");
      return session();
    });
    open("lucky");
    await pass(340_000);
    expect(world.cuts).toEqual([]);
    up = true;
    await pass(3_000_000);
    expect(world.cuts).toEqual([]);
    up = false;
    open("unlucky");
    await pass(59_000);
    expect(world.cuts).toEqual([]);
    await pass(3_000);
    expect(world.cuts).toEqual(["unlucky: stale_view"]);
  });

  test("so long that entries may have expired unread has those asked for again that have outlived their tokens", async () => {
    const { open, pass, world } = registryOf();
    open("long");
    await pass(400_000);
    open("young", { principal: { ...PRINCIPAL, sid: "s_2", exp: EXP + 300 } });
    expect(world.asked).toBe(1);
    world.age = null;
    await pass(1_000);
    expect(world.asked).toBe(1);
    world.age = 0;
    await pass(1_000);
    expect([world.asked, world.cuts]).toEqual([2, []]);
    await pass(60_000);
    expect(world.asked).toBe(2);
  });
});

test("nothing is looked at while nothing is open", async () => {
  const { open, pass, streams, sleeping } = registryOf();
  expect(sleeping()).toBe(0);
  const stream = open("only");
  await pass(1_000);
  expect(sleeping()).toBe(1);
  streams.remove(stream);
  await pass(1_000);
  expect(sleeping()).toBe(0);
  open("again");
  await pass(1_000);
  expect(sleeping()).toBe(1);
});
