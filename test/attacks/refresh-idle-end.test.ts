// Somebody sits down at a computer that nobody has used for weeks and opens the browser. A session that was not used for the
// idle time has ended, whatever its absolute end says.
// SECURITY: RT8 (RFC 9700 §4.14.2, ASVS 7.3.1).
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const IDLE = 14 * 24 * 60 * 60 * 1000;
const subject = await attackedGateway();

test("a session that is used goes on, one that is not ends, and it stays ended", async () => {
  const used = await loggedIn(subject);
  const idle = await loggedIn(subject);
  await subject.advance(IDLE - 60_000);
  expect((await used.browser.refresh()).status).toBe(200);
  await subject.advance(60_000);
  expect(told(await idle.browser.refresh())).toEqual([401, "refresh_expired"]);
  expect(told(await idle.browser.refresh())).toEqual([401, "session_ended"]);
  expect((await used.browser.refresh()).status).toBe(200);
  expect(await subject.audited(idle.sid)).toEqual(["login", "session_ended"]);
});

test("a previous token shown again counts as use of the session, not as one of its own", async () => {
  const { browser } = await loggedIn(subject);
  const old = browser.copy();
  await subject.advance(subject.grace);
  expect((await browser.refresh()).status).toBe(200);
  expect((await old.copy().refresh()).status).toBe(200);
  await subject.advance(IDLE);
  expect(told(await old.refresh())).toEqual([401, "refresh_expired"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
});
