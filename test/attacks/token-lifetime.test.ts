// The attacker has stolen an access token and hopes that it lasts. It lasts minutes, never longer than it says, never longer than
// the session behind it, and a client that asks for more time gets none.
// SECURITY: AT17 (RFC 9700 §2.3).
import { expect, test } from "vitest";
import { serviceClient } from "../support/service-client.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { readToken } from "./forge.ts";
import { expectAccepted, expectRefused } from "./shown-access-token.ts";

const service = serviceClient(["orders:read"]);
const subject = await attackedGateway({
  clients: service.config,
  tokens: { access: { ttl: "5m" }, refresh: { idle: "8m", absolute: "8m" } },
});

const lifetime = (token: string): number => {
  const { exp, iat } = readToken(token).claims;
  return Number(exp) - Number(iat);
};

test("five minutes, a little less at random", async () => {
  const seen = new Set<number>();
  for (let time = 0; time < 20; time++) {
    const { browser } = await loggedIn(subject);
    const seconds = lifetime(browser.accessToken ?? "");
    expect(seconds).toBeGreaterThanOrEqual(285);
    expect(seconds).toBeLessThanOrEqual(300);
    seen.add(seconds);
  }
  expect(seen.size).toBeGreaterThan(1);
});

test("a service's token lives as long, whatever it asks for", async () => {
  const form = { grant_type: "client_credentials", client_id: service.id, client_secret: service.secret };
  const answer = await subject.browser().fetch("/oauth/token", { form: { ...form, expires_in: "86400" } });
  const { access_token: token, expires_in: expiresIn } = answer.json<{ access_token: string; expires_in: number }>();
  expect(lifetime(token)).toBeLessThanOrEqual(300);
  expect(expiresIn).toBeLessThanOrEqual(lifetime(token));
});

test("no token outlives its session's absolute end", async () => {
  const { browser } = await loggedIn(subject);
  const login = subject.now();
  await subject.advance(6 * 60_000);
  const answer = await browser.refresh();
  expect(answer.status).toBe(200);
  const token = browser.accessToken ?? "";
  const end = Number(readToken(token).claims.exp) * 1000;
  expect(end).toBeLessThanOrEqual(login + 8 * 60_000);
  expect(answer.json<{ expires_in: number }>().expires_in).toBeLessThanOrEqual(120);
  await expectAccepted(subject, token);
  await subject.advance(2 * 60_000);
  await expectRefused(subject, token, "token_expired");
  expect((await browser.refresh()).status).toBe(401);
});
