// Not one attack but many clients at once, at two gateways: they call, renew, show older tokens, log out and are revoked, in
// any order. Afterwards the record of it is searched for what must never happen.
// SECURITY: 3.4 (I1: nothing passes after an acknowledged end; I2: one successor a generation; I3: no theft without a late or
// older token), F33.
import { beforeAll, describe, expect, test } from "vitest";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { type GatewayPair, startGatewayPair } from "./gateway-pair.ts";
import { type HistoryEvent, violations } from "./history.ts";

const BOUNDS = { spread: 1000, grace: 1000 };
const SEEDED = 100;
const WORKERS = 8;
const OPERATIONS = 3000;
const MAX_OPERATIONS = 30_000;
const ENOUGH_THEFTS = 3;

let pair: GatewayPair;
beforeAll(async () => {
  const config = { storeTimeout: "30s", sessions: { maxPerUser: 10_000 }, tokens: { refresh: { grace: "1s" } } };
  pair = await startGatewayPair(config, SEEDED);
  await pair.admin(pair.a, "/users", { json: { username: ALICE.name, password: ALICE.password } });
});

/** A session as its clients hold it. */
interface Held {
  readonly sid: string;
  /** By generation. */
  readonly tokens: string[];
  accessToken: string | null;
}

class Clients {
  readonly history: HistoryEvent[] = [];
  readonly sessions: Held[];
  readonly #gateways: readonly [GatewayPair["a"], GatewayPair["b"]];

  constructor({ a, b, sessions }: GatewayPair) {
    this.#gateways = [a, b];
    this.sessions = sessions.map(({ sid, refreshToken }) => ({ sid, tokens: [refreshToken], accessToken: null }));
  }

  async step(): Promise<void> {
    const at = Math.random() < 0.5 ? 0 : 1;
    const session = this.sessions[Math.floor(Math.random() * this.sessions.length)];
    if (session === undefined) return;
    const dice = Math.random();
    if (dice < 0.004) await this.#login(at);
    else if (dice < 0.008) await this.#logout(session, at);
    else if (dice < 0.012) await this.#revoke(session, at);
    else if (dice < 0.03) await this.#refresh(session, at, Math.floor(Math.random() * session.tokens.length));
    else if (dice < 0.4 || session.accessToken === null) await this.#refresh(session, at, session.tokens.length - 1);
    else await this.call(session, at);
  }

  async call(session: Held, at: 0 | 1): Promise<void> {
    const browser = new Browser(this.#gateways[at].url);
    browser.accessToken = session.accessToken;
    const started = performance.now();
    const { status, json } = await browser.api("/api/orders");
    const ended = performance.now();
    const body = json<{ code?: string; headers?: Record<string, string> }>();
    if (status === 200) expect(body.headers?.["x-auth-session"]).toBe(session.sid);
    this.history.push({ kind: "call", sid: session.sid, at, started, ended, status, code: body.code ?? "" });
  }

  async #refresh(session: Held, at: 0 | 1, shown: number): Promise<void> {
    const started = performance.now();
    const { status, json } = await new Browser(this.#gateways[at].url).refresh(session.tokens[shown] ?? "");
    const ended = performance.now();
    const { code = "", refresh_token: token = "", access_token } = json<Partial<LoginAnswer> & { code?: string }>();
    const generation = Number(token.split(".")[5]);
    this.history.push({
      ...{ kind: "refresh", sid: session.sid, at, started, ended, status, code, shown },
      got: status === 200 ? { generation, token } : null,
    });
    if (status !== 200) return;
    session.tokens[generation] ??= token;
    session.accessToken = access_token ?? null;
  }

  async #login(at: 0 | 1): Promise<void> {
    const browser = new Browser(this.#gateways[at].url);
    const answer = await browser.login(ALICE.name, ALICE.password, { refresh: "body" });
    expect(answer.status).toBe(200);
    const { session_id: sid, refresh_token = "", access_token: accessToken } = answer.json<LoginAnswer>();
    this.sessions.push({ sid, tokens: [refresh_token], accessToken });
  }

  #logout(session: Held, at: 0 | 1): Promise<void> {
    const json = { refresh_token: session.tokens.at(-1) };
    return this.#end(session, at, () => new Browser(this.#gateways[at].url).fetch("/auth/logout", { json }));
  }

  #revoke(session: Held, at: 0 | 1): Promise<void> {
    const json = { target: { session: session.sid } };
    return this.#end(session, at, () => pair.admin(this.#gateways[at], "/revocations", { json }));
  }

  async #end(session: Held, at: 0 | 1, act: () => Promise<{ readonly status: number }>): Promise<void> {
    const started = performance.now();
    const { status } = await act();
    this.history.push({ kind: "end", sid: session.sid, at, started, ended: performance.now(), status, code: "" });
  }
}

const thefts = (history: readonly HistoryEvent[]): HistoryEvent[] =>
  history.filter(({ code }) => code === "refresh_reused");

test("clients at two gateways: no history that breaks a rule", async () => {
  const clients = new Clients(pair);
  const { history } = clients;
  const enough = (): boolean =>
    history.length >= MAX_OPERATIONS || (history.length >= OPERATIONS && thefts(history).length >= ENOUGH_THEFTS);
  const worker = async (): Promise<void> => {
    while (!enough()) await clients.step();
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  for (const session of clients.sessions.filter(({ accessToken }) => accessToken !== null)) {
    for (const at of [0, 1] as const) await clients.call(session, at);
  }

  expect(violations(history, BOUNDS)).toEqual([]);
  // Otherwise too little has happened to say anything.
  expect(thefts(history).length).toBeGreaterThanOrEqual(ENOUGH_THEFTS);
  expect(history.filter(({ kind }) => kind === "end").length).toBeGreaterThan(0);
  const rotated = history.filter((event) => event.kind === "refresh" && event.got?.generation === event.shown + 1);
  expect(rotated.length).toBeGreaterThan(SEEDED / 2);
});

describe("the search finds", () => {
  const operation = { sid: "s", at: 0, status: 200, code: "" };
  const call = (started: number, more = {}): HistoryEvent => ({
    ...{ kind: "call", ...operation, started, ended: started + 1 },
    ...more,
  });
  const end = (started: number): HistoryEvent => ({
    ...{ kind: "end", ...operation, started, ended: started + 1, status: 204 },
  });
  const refresh = (started: number, shown: number, generation: number, token = `t${generation}`): HistoryEvent => ({
    ...{ kind: "refresh", ...operation, started, ended: started + 1, shown },
    got: { generation, token },
  });
  const theft = (started: number, shown: number): HistoryEvent => ({
    ...{ kind: "refresh", ...operation, started, ended: started + 1, shown, got: null },
    ...{ status: 401, code: "refresh_reused" },
  });
  const refused = { status: 401, code: "token_revoked" };

  test.each<[string, HistoryEvent[], string[]]>([
    ["nothing in a good history", [refresh(0, 0, 1), call(5), end(10), call(12, refused)], []],
    ["a call after an end", [end(0), call(2)], ["s: a call passed 1 ms after its end"]],
    ["a call elsewhere within the bound", [end(0), call(900, { at: 1 })], []],
    ["a call elsewhere after the bound", [end(0), call(1002, { at: 1 })], ["s: a call passed 1001 ms after its end"]],
    ["a refresh after an end", [end(0), refresh(2, 0, 1)], ["s: a refresh passed 1 ms after its end"]],
    ["two successors", [refresh(0, 0, 1), refresh(0, 0, 1, "u")], ["s: generation 1 has several tokens"]],
    ["theft of the current token", [theft(0, 0)], ["s: generation 0 was called theft too early"]],
    ["theft within the grace", [refresh(0, 0, 1), theft(900, 0)], ["s: generation 0 was called theft too early"]],
    ["theft after the grace", [refresh(0, 0, 1), theft(1000, 0)], []],
    ["theft of an older token", [refresh(0, 0, 1), refresh(1, 1, 2), theft(5, 0)], []],
    ["an end without a cause", [call(0, refused)], ["s: it had ended without a cause"]],
    ["an outage", [call(0, { status: 502, code: "upstream_failed" })], ["s: a call was answered 502 upstream_failed"]],
  ])("%s", (_, history, found) => {
    expect(violations(history, BOUNDS)).toEqual(found);
  });
});
