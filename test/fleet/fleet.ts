import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { type GatewayPair, startPairOn } from "../processes/gateway-pair.ts";
import { type Bounds, type HistoryEvent, violations } from "../processes/history.ts";
import { HistoryClients, type Odds } from "../processes/history-clients.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Clients that go on while something fails; they show no older tokens, so that nothing may be called theft. */
const ODDS = { login: 0.01, logout: 0.03, revoke: 0.03, olderToken: 0, refresh: 0.4 };
const WORKERS = 4;
const CLIENTS = 20;
/** Between two steps of a worker: an outage is answered at once, and asking as fast as that would only heat the machine. */
const PACE = 10;
/** A busy machine's time for an entry to be read on the other gateway. */
const SPREAD = 1_000;
/** As configured for every fleet here, and longer than any outage. */
const GRACE = 60_000;

/** Less than a test's own, so that what was seen is told. */
const PATIENCE = 20_000;
/** Of what was found, as one fault breaks many sessions. */
const SHOWN = 10;

const CONFIG = {
  storeTimeout: "1s",
  sessions: { maxPerUser: 10_000 },
  tokens: { refresh: { grace: "60s" } },
  login: { limits: { perAddress: { attempts: 10_000, window: "15m" } } },
};

/** Two gateways on one Redis, and Alice, who has an account. */
export interface Fleet extends GatewayPair {
  /** Logins, calls, refreshes, logouts and revocations at both gateways, from now until `check`, with sessions of their own. */
  background(odds?: Partial<Odds>): Background;
  /** Sessions that no background uses. */
  readonly spare: GatewayPair["sessions"];
}

export interface FleetOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  /** How many backgrounds there will be. */
  readonly backgrounds?: number;
  /** How many spare sessions. */
  readonly spare?: number;
}

export async function startFleet(url: string, options: FleetOptions = {}): Promise<Fleet> {
  const config = { ...CONFIG, ...options.config };
  const { backgrounds = 0, spare = 0 } = options;
  const sessions = backgrounds * CLIENTS + spare;
  const pair = await startPairOn({ kind: "redis", url }, { config, sessions });
  await addAlice(pair);
  let taken = 0;
  return {
    ...{ ...pair, spare: pair.sessions.slice(backgrounds * CLIENTS) },
    background(odds = {}) {
      const own = pair.sessions.slice(taken, taken + CLIENTS);
      taken += CLIENTS;
      return background(pair, own, { ...ODDS, ...odds });
    },
  };
}

export async function addAlice({ a, admin }: GatewayPair): Promise<void> {
  const { status } = await admin(a, "/users", { json: { username: ALICE.name, password: ALICE.password } });
  expect(status).toBe(201);
}

export async function logIn(at: GatewayProcess, extra: Readonly<Record<string, unknown>> = {}): Promise<Browser> {
  const browser = new Browser(at.url);
  expect((await browser.login(ALICE.name, ALICE.password, extra)).status).toBe(200);
  return browser;
}

export interface Readiness {
  readonly status: number;
  readonly checks: Readonly<Record<string, unknown>>;
  readonly problems?: readonly string[];
}

export async function readiness({ operationsUrl }: GatewayProcess): Promise<Readiness> {
  const { status, json } = await new Browser(operationsUrl).fetch("/readyz");
  return { ...json<Pick<Readiness, "checks" | "problems">>(), status };
}

/** Resolves when both gateways are ready, without having been started again. */
export const recovered = ({ a, b }: GatewayPair): Promise<void> => recoveredAt([a, b]);

export async function recoveredAt(gateways: readonly GatewayProcess[]): Promise<void> {
  let last: readonly Readiness[] = [];
  await waitUntil(
    () => `the gateways are not ready: ${JSON.stringify(last)}`,
    async () => {
      last = await Promise.all(gateways.map(readiness));
      return last.every(({ status }) => status === 200);
    },
    PATIENCE,
  );
}

/** Resolves when both gateways' readiness says so. */
export const unready = ({ a, b }: GatewayPair, check: string, values: readonly string[]): Promise<void> =>
  unreadyAt([a, b], check, values);

export async function unreadyAt(
  gateways: readonly GatewayProcess[],
  check: string,
  values: readonly string[],
): Promise<void> {
  let last: readonly Readiness[] = [];
  await waitUntil(
    () => `readiness does not say ${check}: ${values.join(" or ")}; it says ${JSON.stringify(last)}`,
    async () => {
      last = await Promise.all(gateways.map(readiness));
      return last.every(({ status, checks }) => status === 503 && values.includes(String(checks[check])));
    },
    PATIENCE,
  );
}

/** What clients do in the background of a fault. */
export interface Background {
  readonly history: readonly HistoryEvent[];
  /** Resolves when so many more things have been done well. */
  goesOn(successes?: number): Promise<void>;
  /** Ends the clients, uses every session once more, and holds the record to the rules. */
  check(bounds?: Partial<Bounds>): Promise<void>;
}

function background({ a, b, admin }: GatewayPair, sessions: GatewayPair["sessions"], odds: Odds): Background {
  const clients = new HistoryClients({
    ...{ urls: [a.url, b.url], sessions, odds },
    revoke: (at, json) => admin(at === 0 ? a : b, "/revocations", { json }),
  });
  const { history } = clients;
  let over = false;
  const worker = async (): Promise<void> => {
    while (!over) {
      await clients.step();
      await pause(PACE);
    }
  };
  const working = Promise.all(Array.from({ length: WORKERS }, worker));
  // Told by `check`; a rejection before it must not end the process.
  working.catch(() => {});
  const successes = (): number => history.filter(({ status }) => status < 300).length;
  return {
    history,
    async goesOn(more = 40) {
      const before = successes();
      await waitUntil(
        () => `the clients do not get on: ${JSON.stringify(history.slice(-5))}`,
        () => successes() >= before + more,
        PATIENCE,
      );
    },
    async check(bounds = {}) {
      over = true;
      await working;
      for (const session of clients.sessions.filter(({ accessToken }) => accessToken !== null)) {
        for (const at of [0, 1] as const) await clients.call(session, at);
      }
      const found = violations(history, { spread: SPREAD, grace: GRACE, outage: true, ...bounds });
      expect(found.slice(0, SHOWN)).toEqual([]);
      // Otherwise too little has happened to say anything.
      for (const kind of ["call", "refresh", "end"]) {
        expect(history.some((event) => event.kind === kind && event.status < 300)).toBe(true);
      }
    },
  };
}
