// A refresh token lives for weeks and an access token opens the services: each is tried in the other's place, and so is the
// identity assertion that an upstream was given.
// SECURITY: RT14 (RFC 8725 §3.12, ASVS 9.2.2).
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, grantRefresh, loginInBody, REFRESH_COOKIE, told } from "./shown-token.ts";

const subject = await attackedGateway();

test("a refresh token is no access token", async () => {
  const { browser } = await loggedIn(subject);
  const inBody = await loginInBody(subject.browser());
  const seen = subject.upstream.requests.length;
  for (const token of [cookieOf(browser), inBody]) {
    const headers = { authorization: `Bearer ${token}` };
    expect(told(await subject.browser().fetch("/api/orders", { headers }))).toEqual([401, "token_invalid"]);
    expect(told(await subject.browser().fetch("/auth/me", { headers }))).toEqual([401, "token_invalid"]);
  }
  expect(subject.upstream.requests).toHaveLength(seen);
});

test("an access token is no refresh token, and trying it costs the session nothing", async () => {
  const { browser } = await loggedIn(subject);
  const token = browser.accessToken ?? "";
  const thief = subject.browser();
  expect(told(await thief.refresh(token))).toEqual([401, "refresh_invalid"]);
  expect((await grantRefresh(thief, token)).json().error).toBe("invalid_grant");
  thief.cookies.set(REFRESH_COOKIE, token);
  expect(told(await thief.refresh())).toEqual([401, "refresh_invalid"]);
  expect((await browser.refresh()).status).toBe(200);
});

test("an identity assertion is neither", async () => {
  const { browser } = await loggedIn(subject);
  await browser.api("/api/orders");
  const assertion = String(subject.upstream.requests.at(-1)?.headers["x-auth-identity"]);
  expect(assertion.split(".")).toHaveLength(3);
  const headers = { authorization: `Bearer ${assertion}` };
  expect(told(await subject.browser().fetch("/api/orders", { headers }))).toEqual([401, "token_invalid"]);
  expect(told(await subject.browser().refresh(assertion))).toEqual([401, "refresh_invalid"]);
});
