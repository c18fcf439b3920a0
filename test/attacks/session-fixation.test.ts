// An attacker plants a refresh cookie in the victim's browser: one made up, one of the attacker's own session, one that the
// victim had before. The victim logs in. The login must make a session of its own and adopt nothing; what the browser held
// before ends, so that no forgotten session stays behind.
// SECURITY: RT11 (ASVS 7.2.4).
import { expect, test } from "vitest";
import { ALICE, BOB } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, loginInBody, partsOf, REFRESH_COOKIE, told } from "./shown-token.ts";

const subject = await attackedGateway();
await subject.addUser(BOB);

async function logInWith(planted: string) {
  const victim = subject.browser();
  victim.cookies.set(REFRESH_COOKIE, planted);
  expect((await victim.login(ALICE.name, ALICE.password)).status).toBe(200);
  return victim;
}

test("a made-up cookie is not adopted", async () => {
  const real = partsOf(cookieOf((await loggedIn(subject)).browser));
  const made = `prt1.c.AAAAAAAA.${real.sub}.s_AAAAAAAAAAAAAAAAAAAAAA.0.AAAAAAAAAAAAAAAAAAAAAA.${"A".repeat(43)}`;
  const victim = await logInWith(made);
  expect(cookieOf(victim)).not.toBe(made);
  expect(partsOf(cookieOf(victim)).sid).not.toBe(partsOf(made).sid);
  expect(partsOf(cookieOf(victim)).r).not.toBe(partsOf(made).r);
  const attacker = subject.browser();
  attacker.cookies.set(REFRESH_COOKIE, made);
  expect(told(await attacker.refresh())).toEqual([401, "refresh_invalid"]);
});

test("a login over an own live session makes a new one and ends the old", async () => {
  const old = await loggedIn(subject);
  const before = old.browser.copy();
  const answer = await old.browser.login(ALICE.name, ALICE.password);
  expect(answer.json().session_id).not.toBe(old.sid);
  expect(told(await before.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await before.refresh())).toEqual([401, "session_ended"]);
  expect((await old.browser.api("/api/orders")).status).toBe(200);
});

test("the attacker's own session, planted, does not become the victim's, and ends", async () => {
  const attacker = subject.browser();
  await attacker.login(BOB.name, BOB.password);
  const victim = await logInWith(cookieOf(attacker));
  expect((await victim.api("/auth/me")).json()).toMatchObject({ user: { username: ALICE.name } });
  expect(told(await attacker.refresh())).toEqual([401, "session_ended"]);
  expect(told(await attacker.api("/api/orders"))).toEqual([401, "token_revoked"]);
});

test("a login that fails ends nothing", async () => {
  const { browser } = await loggedIn(subject);
  expect(told(await browser.login(ALICE.name, "not the password at all"))).toEqual([401, "invalid_credentials"]);
  expect((await browser.refresh()).status).toBe(200);
});

test("a token that belongs in bodies names no session when it comes as a cookie", async () => {
  const native = subject.browser();
  const token = await loginInBody(native);
  await logInWith(token);
  expect((await native.refresh(token)).status).toBe(200);
});
