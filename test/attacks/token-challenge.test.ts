// The attacker reads out of a refusal more than it should say, or a client reads less than it needs: whether a token was sent at
// all, whether a new one would help, which scope is missing.
// SECURITY: AT16 (RFC 6750 §3, RFC 9470 §3, RFC 9110 §15.5.2).
import { expect, test } from "vitest";
import type { Answer } from "../support/http-client.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const subject = await attackedGateway({
  routes: [
    { path: "/api/*", upstream: "orders", access: "required" },
    { path: "/write/*", upstream: "orders", access: { scopes: ["orders:read", "orders:write"] } },
    { path: "/admins/*", upstream: "orders", access: { roles: ["admin"] } },
    { path: "/recent/*", upstream: "orders", access: { maxAge: "1m" } },
  ],
});

const told3 = (answer: Answer): readonly unknown[] => [...told(answer), answer.headers["www-authenticate"]];

test("without a token: a challenge without an error", async () => {
  const stranger = subject.browser();
  for (const path of ["/api/x", "/write/x", "/admins/x", "/recent/x", "/auth/me", "/auth/sessions"]) {
    expect(told3(await stranger.fetch(path)), path).toEqual([401, "unauthenticated", "Bearer"]);
  }
});

test("with a token that is not good: one error, whatever is wrong with it", async () => {
  const { browser } = await loggedIn(subject);
  const invalid = 'Bearer error="invalid_token"';
  const bad = browser.copy();
  bad.accessToken = "x.y.z";
  expect(told3(await bad.api("/api/x"))).toEqual([401, "token_invalid", invalid]);
  const expired = browser.copy();
  await subject.advance(10 * 60_000);
  expect(told3(await expired.api("/api/x"))).toEqual([401, "token_expired", invalid]);
  await browser.refresh();
  const revoked = browser.copy();
  await browser.logout();
  expect(told3(await revoked.api("/api/x"))).toEqual([401, "token_revoked", invalid]);
  expect(told3(await revoked.api("/auth/me"))).toEqual([401, "token_revoked", invalid]);
});

test("with a good token that is not enough: 403 and the scope, 401 where a new login helps, nothing about roles", async () => {
  const { browser } = await loggedIn(subject);
  const scope = 'Bearer error="insufficient_scope", scope="orders:read orders:write"';
  expect(told3(await browser.api("/write/x"))).toEqual([403, "insufficient_scope", scope]);
  expect(told3(await browser.api("/admins/x"))).toEqual([403, "forbidden", undefined]);
  await subject.advance(2 * 60_000);
  const [status, code, challenge] = told3(await browser.api("/recent/x"));
  expect([status, code]).toEqual([401, "step_up"]);
  expect(challenge).toMatch(/^Bearer error="insufficient_user_authentication".*max_age="?60"?/);
});

test("a token never comes back in what refuses it", async () => {
  const { browser } = await loggedIn(subject);
  const good = browser.accessToken ?? "";
  for (const token of [good.slice(0, -4), `${good}x`, 'a"b', "a\\b", "%0d%0aSet-Cookie: a=b"]) {
    const answer = await browser.fetch("/api/x", { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(401);
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain(token);
  }
});
