import { expect } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import type { RedisServer } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";

/** A browser with a new session, logged in at this gateway. */
export async function logIn(gateway: GatewayProcess, user: { readonly name: string; readonly password: string }) {
  const browser = new Browser(gateway.url);
  const answer = await browser.login(user.name, user.password);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  sids.set(browser, answer.json<LoginAnswer>().session_id);
  return browser;
}

const sids = new WeakMap<Browser, string>();
export const sidOf = (browser: Browser): string => sids.get(browser) ?? "";

async function call(gateway: GatewayProcess, { accessToken }: Browser): Promise<number> {
  const browser = new Browser(gateway.url);
  browser.accessToken = accessToken;
  return (await browser.api("/api/orders")).status;
}

/** Resolves when this gateway answers a call with the browser's token so. */
export const answers = (gateway: GatewayProcess, browser: Browser, status: number): Promise<void> =>
  waitUntil(
    () => `the token is not answered with ${status}; the gateway wrote:\n${gateway.logs()}`,
    async () => (await call(gateway, browser)) === status,
  );

export const ready = (gateway: GatewayProcess): Promise<void> =>
  waitUntil(
    () => `the gateway is not ready; it wrote:\n${gateway.logs()}`,
    async () => (await new Browser(gateway.operationsUrl).fetch("/readyz")).status === 200,
  );

/** Shows a token at the gateways again and again until it is stopped; resolves with every status. */
export function probe(gateways: readonly GatewayProcess[], browser: Browser) {
  const statuses: number[] = [];
  let stopped = false;
  const loops = gateways.map(async (gateway) => {
    while (!stopped) statuses.push(await call(gateway, browser));
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(loops);
      return statuses;
    },
  };
}

/** Everything in the feed of a server, as it is stored. */
export async function feedOf(redis: RedisServer) {
  const parts = await Promise.all(
    Array.from({ length: 16 }, (_, at) =>
      redis.command("XRANGE", `postern:{p${String(at).padStart(2, "0")}}:feed`, "-", "+"),
    ),
  );
  return (parts as [string, string[]][][])
    .flat()
    .map(([id, fields]) => ({ id, target: JSON.parse(/\{.*$/.exec(fields[1] ?? "")?.[0] ?? "") }));
}

/** Resolves when the gateway has logged such a line. */
export const logged = (gateway: GatewayProcess, line: RegExp): Promise<void> =>
  waitUntil(
    () => `the gateway has not logged ${line}; it wrote:\n${gateway.logs()}`,
    async () => line.test(gateway.logs()),
  );
