// A script in the page got hold of a cookie's value, or an attacker plants a native application's token as a cookie: the way
// that a refresh token travels was fixed at login, and every other way is refused without a trace on the session.
// docs/http.md, cookies.
import { expect, test } from "vitest";
import type { Answer } from "../support/http-client.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, grantRefresh, loginInBody, REFRESH_COOKIE, told } from "./shown-token.ts";

const subject = await attackedGateway();
const WRONG = [400, "wrong_channel"];

async function victims() {
  const { browser, sid } = await loggedIn(subject);
  const native = subject.browser();
  const token = await loginInBody(native);
  return { browser, sid, native, token, cookie: cookieOf(browser) };
}
type Victims = Awaited<ReturnType<typeof victims>>;

function shown(cookie: string | null) {
  const thief = subject.browser();
  if (cookie !== null) thief.cookies.set(REFRESH_COOKIE, cookie);
  return thief;
}

const logout = (cookie: string | null, token: string | null): Promise<Answer> =>
  shown(cookie).fetch("/auth/logout", { json: token === null ? {} : { refresh_token: token } });

const attempts: readonly (readonly [string, (victims: Victims) => Promise<Answer>])[] = [
  ["refresh: a cookie's token in the body", ({ cookie }) => shown(null).refresh(cookie)],
  ["refresh: a body's token as a cookie", ({ token }) => shown(token).refresh()],
  ["refresh: both right", ({ cookie, token }) => shown(cookie).refresh(token)],
  ["refresh: the cookie's token both ways", ({ cookie }) => shown(cookie).refresh(cookie)],
  ["refresh: the body's token both ways", ({ token }) => shown(token).refresh(token)],
  ["refresh: nonsense as a cookie beside the body's token", ({ token }) => shown("nonsense").refresh(token)],
  ["refresh: nonsense in the body beside the cookie", ({ cookie }) => shown(cookie).refresh("nonsense")],
  ["logout: a cookie's token in the body", ({ cookie }) => logout(null, cookie)],
  ["logout: a body's token as a cookie", ({ token }) => logout(token, null)],
  ["logout: both right", ({ cookie, token }) => logout(cookie, token)],
];

test.each(attempts)("%s", async (_, attempt) => {
  const those = await victims();
  const answer = await attempt(those);
  expect(told(answer)).toEqual(WRONG);
  expect(answer.setCookies).toEqual([]);
  const { browser, native, token } = those;
  expect((await browser.api("/api/orders")).status).toBe(200);
  expect((await browser.refresh()).status).toBe(200);
  expect((await native.refresh(token)).status).toBe(200);
});

test("the OAuth endpoint takes no cookie's token, and a body's token only from the body", async () => {
  const { browser, native, token, cookie } = await victims();
  const answer = await grantRefresh(shown(null), cookie);
  expect([answer.status, answer.json().error]).toEqual([400, "invalid_request"]);
  const asCookie = await shown(token).fetch("/oauth/token", {
    form: { grant_type: "refresh_token", client_id: "postern" },
  });
  expect([asCookie.status, asCookie.json().error]).toEqual([400, "invalid_request"]);
  expect((await browser.refresh()).status).toBe(200);
  expect((await grantRefresh(native, token)).status).toBe(200);
});

test("the marked channel is under the mac: rewriting it makes no token of the other kind", async () => {
  const { token, cookie } = await victims();
  expect(told(await shown(null).refresh(cookie.replace("prt1.c.", "prt1.b.")))).toEqual([401, "refresh_invalid"]);
  expect(told(await shown(token.replace("prt1.b.", "prt1.c.")).refresh())).toEqual([401, "refresh_invalid"]);
});
