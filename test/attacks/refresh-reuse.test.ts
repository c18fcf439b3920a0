// A thief copied a browser's cookie. Either the browser renews first and the thief shows the old token, or the thief renews
// first and the browser does. Nobody can tell who is who: the session ends for both, with every token of it, on record.
// SECURITY: RT2 (RFC 9700 §4.14.2).
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const subject = await attackedGateway();

/** The token of two generations ago. */
async function twiceRenewed() {
  const { browser, sid } = await loggedIn(subject);
  const thief = browser.copy();
  for (let round = 0; round < 2; round++) {
    await subject.advance(subject.grace + 1);
    expect((await browser.refresh()).status).toBe(200);
  }
  return { browser, thief, sid };
}

test("an older token ends the session: the current refresh token and the access token are refused at once", async () => {
  const { browser, thief, sid } = await twiceRenewed();
  expect((await browser.api("/api/orders")).status).toBe(200);
  const seen = subject.upstream.requests.length;
  expect(told(await thief.refresh())).toEqual([401, "refresh_reused"]);
  expect(told(await browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
  expect(subject.upstream.requests).toHaveLength(seen);
  expect(await subject.audited(sid)).toEqual(["login", "refresh_theft"]);
  expect(await subject.observed()).toContainEqual({ kind: "refresh", outcome: "theft" });
});

test("an older token is theft within the grace of a rotation too", async () => {
  const { browser, thief } = await twiceRenewed();
  expect(told(await thief.refresh())).toEqual([401, "refresh_reused"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
});

test("a thief who renews first is caught when the owner comes back", async () => {
  const { browser, sid } = await loggedIn(subject);
  const thief = browser.copy();
  await subject.advance(subject.grace + 1);
  expect((await thief.refresh()).status).toBe(200);
  await subject.advance(subject.grace + 1);
  expect((await thief.refresh()).status).toBe(200);
  expect(told(await browser.refresh())).toEqual([401, "refresh_reused"]);
  expect(told(await thief.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await thief.refresh())).toEqual([401, "session_ended"]);
  expect(await subject.audited(sid)).toEqual(["login", "refresh_theft"]);
});

test("another session of the same user goes on", async () => {
  const other = await loggedIn(subject);
  const { thief } = await twiceRenewed();
  expect(told(await thief.refresh())).toEqual([401, "refresh_reused"]);
  expect((await other.browser.refresh()).status).toBe(200);
  expect((await other.browser.api("/api/orders")).status).toBe(200);
});
