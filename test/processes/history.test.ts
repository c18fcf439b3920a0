// Not one attack but many clients at once, at two gateways: they call, renew, show older tokens, log out and are revoked, in
// any order. Afterwards the record of it is searched for what must never happen.
// SECURITY: 3.4 (I1: nothing passes after an acknowledged end; I2: one successor a generation; I3: no theft without a late or
// older token), F33.
import { beforeAll, describe, expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { type GatewayPair, startGatewayPair } from "./gateway-pair.ts";
import { type HistoryEvent, violations } from "./history.ts";
import { HistoryClients } from "./history-clients.ts";

const BOUNDS = { spread: 1000, grace: 1000 };
const ODDS = { login: 0.004, logout: 0.004, revoke: 0.004, olderToken: 0.018, refresh: 0.37 };
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

const thefts = (history: readonly HistoryEvent[]): HistoryEvent[] =>
  history.filter(({ code }) => code === "refresh_reused");

test("clients at two gateways: no history that breaks a rule", async () => {
  const { a, b, sessions, admin } = pair;
  const clients = new HistoryClients({
    ...{ urls: [a.url, b.url], sessions, odds: ODDS },
    revoke: (at, json) => admin([a, b][at] ?? a, "/revocations", { json }),
  });
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
  const EARLY = "s: generation 0 was called theft too early";
  const refused = { status: 401, code: "token_revoked" };

  test.each<[string, HistoryEvent[], string[]]>([
    ["nothing in a good history", [refresh(0, 0, 1), call(5), end(10), call(12, refused)], []],
    ["a call after an end", [end(0), call(2)], ["s: a call passed 1 ms after its end"]],
    ["a call elsewhere within the bound", [end(0), call(900, { at: 1 })], []],
    ["a call elsewhere after the bound", [end(0), call(1002, { at: 1 })], ["s: a call passed 1001 ms after its end"]],
    ["a refresh after an end", [end(0), refresh(2, 0, 1)], ["s: a refresh passed 1 ms after its end"]],
    ["two successors", [refresh(0, 0, 1), refresh(0, 0, 1, "u")], ["s: generation 1 has several tokens"]],
    ["theft of the current token", [theft(0, 0)], [EARLY]],
    ["theft within the grace", [refresh(0, 0, 1), theft(900, 0)], [EARLY]],
    ["theft after the grace", [refresh(0, 0, 1), theft(1000, 0)], []],
    ["theft of an older token", [refresh(0, 0, 1), refresh(1, 1, 2), theft(5, 0)], []],
    ["an end without a cause", [call(0, refused)], ["s: it had ended without a cause"]],
    ["an outage", [call(0, { status: 502, code: "upstream_failed" })], ["s: a call was answered 502 upstream_failed"]],
  ])("%s", (_, history, found) => {
    expect(violations(history, BOUNDS)).toEqual(found);
  });

  const down = { status: 503, code: "store_unavailable" };
  const inVain = (started: number, shown: number): HistoryEvent => ({
    ...{ kind: "refresh", ...operation, ...down, started, ended: started + 1, shown, got: null },
  });
  test.each<[string, HistoryEvent[], string[]]>([
    ["nothing where all were told to wait", [call(0, down), { ...end(1), ...down }, call(5)], []],
    ["nothing where an end that was in doubt was done", [{ ...end(0), ...down }, call(5, refused)], []],
    ["a call after an end", [end(0), call(2)], ["s: a call passed 1 ms after its end"]],
    ["theft of what was shown in vain", [inVain(0, 0), theft(900, 0)], [EARLY]],
    ["an end without a cause", [call(0, refused)], ["s: it had ended without a cause"]],
    [
      "another error",
      [call(0, { status: 502, code: "upstream_failed" })],
      ["s: a call was answered 502 upstream_failed"],
    ],
  ])("in an outage: %s", (_, history, found) => {
    expect(violations(history, { ...BOUNDS, outage: true })).toEqual(found);
  });

  test("no end without a cause after a wipe, one before it", () => {
    expect(violations([call(10, refused)], { ...BOUNDS, wiped: 5 })).toEqual([]);
    expect(violations([call(10, refused)], { ...BOUNDS, wiped: 15 })).toHaveLength(1);
  });
});
