// A thief waits for the gateways to be restarted, or makes them crash, and shows what they had superseded or revoked: a
// gateway that begins with an empty memory must not begin with an empty conscience.
// SECURITY: RT6 (CVE-2026-9802).
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { type GatewayPair, refreshAt, startGatewayPair, successorOf } from "./gateway-pair.ts";

const GRACE = 1000;

let pair: GatewayPair;
let restarted: GatewayProcess;
const access: string[] = [];
let successors: readonly string[];
let rotatedAt: number;
beforeAll(async () => {
  pair = await startGatewayPair({ tokens: { refresh: { grace: "1s" } } }, 3);
  const answers = await Promise.all(pair.sessions.map(({ refreshToken }) => refreshAt(pair.a, refreshToken)));
  rotatedAt = performance.now();
  successors = answers.map(successorOf);
  access.push(...answers.map((answer) => answer.json<LoginAnswer>().access_token));
  const json = { refresh_token: successors[2] };
  expect((await new Browser(pair.a.url).fetch("/auth/logout", { json })).status).toBe(204);
  await Promise.all([pair.a.kill(), pair.b.stop()]);
  restarted = await pair.another();
});

const call = async (token = ""): Promise<readonly [number, unknown]> => {
  const browser = new Browser(restarted.url);
  browser.accessToken = token;
  const answer = await browser.api("/api/orders");
  return [answer.status, answer.json().code];
};

test("what was revoked before is refused after, by access token and by refresh token", async () => {
  expect(await call(access[2])).toEqual([401, "token_revoked"]);
  const answer = await refreshAt(restarted, successors[2] ?? "");
  expect([answer.status, answer.json().code]).toEqual([401, "session_ended"]);
});

test("what was not goes on, with the successor that was handed out", async () => {
  expect((await call(access[0]))[0]).toBe(200);
  expect((await refreshAt(restarted, successors[0] ?? "")).status).toBe(200);
});

test("the token that was superseded before is theft after", async () => {
  // Only time makes it late; the restart has taken most of that.
  await delay(Math.max(0, rotatedAt + GRACE + 100 - performance.now()));
  const answer = await refreshAt(restarted, pair.sessions[1]?.refreshToken ?? "");
  expect([answer.status, answer.json().code]).toEqual([401, "refresh_reused"]);
  expect(await call(access[1])).toEqual([401, "token_revoked"]);
  expect((await refreshAt(restarted, successors[1] ?? "")).json().code).toBe("session_ended");
});
