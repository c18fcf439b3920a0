import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSecretRing } from "../../src/keys/secrets.ts";
import { newId } from "../../src/lib/ids.ts";
import { createRefreshTokens } from "../../src/sessions/refresh-token-codec.ts";
import { type InProcessGateway, inProcessGateway, type StandIns } from "../support/gateway-in-process.ts";
import { type ObjectStores, startObjectStores } from "../support/object-stores.ts";
import { ALICE } from "../support/people.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { RotationModel } from "./rotation-model.ts";

const SECRETS = Array.from({ length: 4 }, (_, number) => `secret number ${number}, long enough to be taken as one`);
const AGENTS = ["curl/8.0", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"] as const;
const CLIENTS = 3;

let subject: InProcessGateway;
async function open(input: Readonly<Record<string, unknown>>, standIns: StandIns = {}): Promise<void> {
  const config = { registration: true, roles: { user: { scopes: ["a"] } }, ...input };
  subject = await inProcessGateway(config, SECRETS[0], standIns);
  await subject.ask("/auth/register", { json: { username: ALICE.name, password: ALICE.password } });
}

/** An answer on its way: it may come at once, later, or never. */
interface Delivery {
  readonly client: number;
  readonly refreshToken: string;
}

/** One session as its clients hold it, beside the model of what must hold. */
class Run {
  readonly model: RotationModel;
  /** The refresh token that each client keeps. */
  readonly held: string[];
  readonly underway: Delivery[] = [];
  /** Every refresh token seen, by generation and secret: there may only ever be one of each. */
  readonly seen = new Map<string, string>();
  readonly accessTokens: string[];
  secret: number;
  readonly sid: string;

  constructor(sid: string, refreshToken: string, accessToken: string, secret: number) {
    this.sid = sid;
    this.secret = secret;
    this.model = new RotationModel(subject.now(), AGENTS[0]);
    this.held = new Array<string>(CLIENTS).fill(refreshToken);
    this.accessTokens = [accessToken];
    this.note(refreshToken);
  }

  note(token: string): number {
    const [, , secretId, , , generation] = token.split(".");
    const key = `${generation} ${secretId}`;
    expect(this.seen.get(key) ?? token).toBe(token);
    this.seen.set(key, token);
    return Number(generation);
  }

  /** Whether a token's secret is still known: the present one or the one before. */
  async decodes(token: string): Promise<boolean> {
    const previous = this.secret === 0 ? null : (SECRETS[this.secret - 1] ?? null);
    const ring = await createSecretRing({ secret: SECRETS[this.secret] ?? "", previous });
    return (await createRefreshTokens(ring).decode(token)) !== null;
  }
}

type Step = (run: Run) => Promise<void>;

/** Shows a token and holds the answer against the model; returns the token to keep, or null. */
async function show(run: Run, token: string, agent: string): Promise<string | null> {
  const decodes = await run.decodes(token);
  const before = subject.observed.length;
  const response = await subject.ask("/auth/refresh", {
    json: { refresh_token: token },
    headers: { "user-agent": agent },
  });
  const answer = await response.json();
  if (!decodes) {
    expect([response.status, answer.code]).toEqual([401, "refresh_invalid"]);
    return null;
  }
  const expected = run.model.show(Number(token.split(".")[5]), subject.now(), agent);
  const outcomes = subject.observed.slice(before).flatMap((event) => (event.kind === "refresh" ? [event.outcome] : []));
  expect(outcomes).toEqual([expected.outcome]);
  if (expected.status === 401) {
    expect([response.status, answer.code]).toEqual([401, expected.code]);
    expect(response.headers.getSetCookie()).toEqual([]);
    return null;
  }
  expect(response.status).toBe(200);
  expect(run.note(answer.refresh_token)).toBe(expected.generation);
  run.accessTokens.push(answer.access_token);
  return answer.refresh_token;
}

const client = fc.nat(CLIENTS - 1);
const agent = fc.constantFrom(AGENTS[0], AGENTS[0], AGENTS[0], AGENTS[1]);

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(client, agent).map(
      ([at, by]): Step =>
        async (run) => {
          const kept = await show(run, run.held[at] ?? "", by);
          if (kept !== null) run.held[at] = kept;
        },
    ),
  },
  {
    weight: 2,
    arbitrary: client.map(
      (at): Step =>
        async (run) => {
          // The answer is lost.
          await show(run, run.held[at] ?? "", AGENTS[0]);
        },
    ),
  },
  {
    weight: 3,
    arbitrary: client.map(
      (at): Step =>
        async (run) => {
          // The answer is delayed.
          const refreshToken = await show(run, run.held[at] ?? "", AGENTS[0]);
          if (refreshToken !== null) run.underway.push({ client: at, refreshToken });
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(5).map(
      (which): Step =>
        async (run) => {
          // A delayed answer arrives, in any order, perhaps over a newer one.
          const [delivery] = run.underway.splice(which % Math.max(1, run.underway.length), 1);
          if (delivery !== undefined) run.held[delivery.client] = delivery.refreshToken;
        },
    ),
  },
  {
    weight: 2,
    arbitrary: client.map(
      (at): Step =>
        async (run) => {
          // Tabs that race, and a command that ran twice: whatever the order, the answers agree.
          const token = run.held[at] ?? "";
          const first = await show(run, token, AGENTS[0]);
          const second = await show(run, token, AGENTS[0]);
          if (second !== null) run.held[at] = second;
          if (first !== null && second !== null) expect(second).toBe(first);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(30), agent).map(
      ([which, by]): Step =>
        async (run) => {
          // Somebody kept an old one.
          const tokens = [...run.seen.values()];
          await show(run, tokens[which % tokens.length] ?? "", by);
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 10 }).map(
      (ahead): Step =>
        async (run) => {
          // A failover forgot rotations that had been answered.
          const ring = await createSecretRing({ secret: SECRETS[run.secret] ?? "", previous: null });
          const codec = createRefreshTokens(ring);
          const [newest = ""] = [...run.seen.values()].slice(-1);
          const previous = run.secret === 0 ? null : (SECRETS[run.secret - 1] ?? null);
          const both = createRefreshTokens(await createSecretRing({ secret: SECRETS[run.secret] ?? "", previous }));
          const parts = await both.decode(newest);
          if (parts === null) return;
          const generation = run.model.generation + ahead;
          const token = await codec.encode({ ...parts, secretId: codec.secretId, generation });
          await show(run, token, AGENTS[0]);
        },
    ),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom(3_000, 9_000, 13_000, 17_000, 30_000).map(
      (by): Step =>
        async () => {
          subject.advance(by);
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(400_000, 13 * 86_400_000, 15 * 86_400_000).map(
      (by): Step =>
        async () => {
          subject.advance(by);
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>(async (run) => {
      if (run.secret + 1 >= SECRETS.length) return;
      const previous = SECRETS[run.secret] ?? null;
      run.secret += 1;
      await subject.restart({ secret: SECRETS[run.secret] ?? "", previous });
    }),
  },
  {
    weight: 1,
    arbitrary: client.map(
      (at): Step =>
        async (run) => {
          const token = run.held[at] ?? "";
          const ours = await run.decodes(token);
          const response = await subject.ask("/auth/logout", { json: { refresh_token: token } });
          expect(response.status).toBe(204);
          if (ours) run.model.end();
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>(async (run) => {
      const revoked = await subject.admin("/revocations", { json: { target: { session: run.sid } } });
      expect(revoked.status).toBe(200);
      run.model.end();
    }),
  },
);

/** A live session's newest access token passes while it lasts; an ended session's tokens are all refused. */
async function checkAccess(run: Run): Promise<void> {
  for (const token of run.accessTokens) {
    const response = await subject.ask("/auth/me", { headers: { authorization: `Bearer ${token}` } });
    const { code } = await response.json();
    // Long after, the key that signed it is gone too, and the token with it: `token_invalid`.
    if (run.model.ended) expect(["token_revoked", "token_expired", "token_invalid"]).toContain(code);
    else expect([undefined, "token_expired", "token_invalid", "session_ended"]).toContain(code);
  }
}

function rotationTests(runs: number): void {
  test("one successor a generation; a session ends only for a late or older token; an ended one's tokens are refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (sequence) => {
        await subject.restart({ secret: SECRETS[0] ?? "", previous: null });
        const login = await subject.ask("/auth/login", {
          json: { username: ALICE.name, password: ALICE.password, refresh: "body" },
          headers: { "user-agent": AGENTS[0] },
        });
        expect(login.status).toBe(200);
        const { session_id, refresh_token, access_token } = await login.json();
        const run = new Run(session_id, refresh_token, access_token, 0);
        for (const step of sequence) await step(run);
        await checkAccess(run);
      }),
      { numRuns: Number(process.env.POSTERN_MODEL_RUNS ?? runs), endOnFailure: false },
    );
  }, 240_000);

  test("a session that was never made is ended, whoever signed for it", async () => {
    const codec = createRefreshTokens(await createSecretRing({ secret: SECRETS[0] ?? "", previous: null }));
    await subject.restart({ secret: SECRETS[0] ?? "", previous: null });
    const forged = {
      channel: "body",
      secretId: codec.secretId,
      sub: newId("u"),
      sid: newId("s"),
      generation: 3,
    } as const;
    const token = await codec.encode({ ...forged, r: newId("u").slice(2) });
    const response = await subject.ask("/auth/refresh", { json: { refresh_token: token } });
    expect([response.status, (await response.json()).code]).toEqual([401, "session_ended"]);
  });
}

describe("on the embedded store", () => {
  beforeAll(() => open({}));
  afterAll(() => subject.close());
  rotationTests(300);
});

describe.skipIf(REDIS_SERVER === null)("on Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    await open({ store: server.freshUrl() });
  });
  afterAll(async () => {
    await subject.close();
    await server.stop();
  });
  rotationTests(150);
});

describe("in a Durable Object", () => {
  let stores: ObjectStores;
  beforeAll(async () => {
    stores = await startObjectStores();
    let offset = (): number => 0;
    await open({}, { store: () => stores.open(() => offset()) });
    offset = () => subject.now() - Date.now();
  });
  afterAll(async () => {
    await subject.close();
    await stores.stop();
  });
  rotationTests(60);
});
