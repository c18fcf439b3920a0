// A thief holds an access token, the refresh token or both; the owner logs out. From that answer on nothing of the session
// works. And the owner can always log out: with a token that has expired, twice, and without any token at all.
// SECURITY: RT9 (RFC 9700 §4.14.2, ASVS 7.4.1).
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, loginInBody, partsOf, REFRESH_COOKIE, told } from "./shown-token.ts";

const subject = await attackedGateway();

/** How many entries the revocation feed holds for a session. */
async function entriesFor(sid: string): Promise<number> {
  const { entries } = await subject.store.readFeed({ after: null, limit: 1000 });
  return entries.filter(({ target }) => target.kind === "session" && target.sid === sid).length;
}

test("after logout the access token, the refresh token and the one before it are refused", async () => {
  const { browser } = await loggedIn(subject);
  const before = browser.copy();
  await subject.advance(subject.grace);
  await browser.refresh();
  const thief = browser.copy();
  expect((await thief.api("/api/orders")).status).toBe(200);

  const answer = await browser.logout();
  expect(answer.status).toBe(204);
  expect(browser.cookies.size).toBe(0);
  expect(told(await thief.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await thief.api("/auth/me"))).toEqual([401, "token_revoked"]);
  expect(told(await thief.refresh())).toEqual([401, "session_ended"]);
  expect(told(await before.refresh())).toEqual([401, "session_ended"]);
});

test("the cookie alone logs out", async () => {
  const { browser } = await loggedIn(subject);
  const thief = browser.copy();
  expect((await browser.fetch("/auth/logout", { method: "POST" })).status).toBe(204);
  expect(told(await thief.api("/api/orders"))).toEqual([401, "token_revoked"]);
});

test("an access token alone logs out, though it has expired", async () => {
  const { browser } = await loggedIn(subject);
  const thief = browser.copy();
  await subject.advance(10 * 60_000);
  expect(told(await browser.api("/api/orders"))).toEqual([401, "token_expired"]);
  browser.cookies.clear();
  expect((await browser.logout()).status).toBe(204);
  expect(told(await thief.refresh())).toEqual([401, "session_ended"]);
});

test("a session whose token travels in bodies logs out with it", async () => {
  const client = subject.browser();
  const token = await loginInBody(client);
  const json = { refresh_token: token };
  expect((await client.fetch("/auth/logout", { json })).status).toBe(204);
  expect(told(await client.refresh(token))).toEqual([401, "session_ended"]);
  expect(told(await client.api("/api/orders"))).toEqual([401, "token_revoked"]);
});

test("logging out again is answered alike and publishes again", async () => {
  const { browser, sid } = await loggedIn(subject);
  const twin = browser.copy();
  expect((await browser.logout()).status).toBe(204);
  expect(await entriesFor(sid)).toBe(1);
  expect((await twin.logout()).status).toBe(204);
  expect(await entriesFor(sid)).toBe(2);
  expect(await subject.audited(sid)).toEqual(["login", "session_ended"]);
});

test("nothing, and nonsense, are answered alike and end nobody's session", async () => {
  const { browser } = await loggedIn(subject);
  const stranger = subject.browser();
  expect((await stranger.fetch("/auth/logout", { method: "POST" })).status).toBe(204);
  stranger.accessToken = `${browser.accessToken?.slice(0, -4)}AAAA`;
  const cookie = cookieOf(browser);
  stranger.cookies.set(REFRESH_COOKIE, cookie.replace(partsOf(cookie).r, "A".repeat(22)));
  expect((await stranger.logout()).status).toBe(204);
  expect((await browser.api("/api/orders")).status).toBe(200);
  expect((await browser.refresh()).status).toBe(200);
});

test("logout everywhere ends the user's sessions, all of them, and a login right after it works", async () => {
  const browsers = [];
  for (let device = 0; device < 3; device++) browsers.push((await loggedIn(subject)).browser);
  const [first, ...others] = browsers;
  expect((await first?.api("/auth/logout/all", { method: "POST" }))?.status).toBe(204);
  const again = await loggedIn(subject);
  for (const other of others) {
    expect(told(await other.api("/api/orders"))).toEqual([401, "token_revoked"]);
    expect(told(await other.refresh())).toEqual([401, "session_ended"]);
  }
  expect((await again.browser.api("/api/orders")).status).toBe(200);
  expect((await again.browser.refresh()).status).toBe(200);
});
