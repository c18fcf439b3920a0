// Somebody has learnt Alice's password and is logged in as her. She changes it: the other sessions end at once, the old
// password is worth nothing, and hers goes on. Nobody changes it with a stolen access token alone.
// SECURITY: RT10 (ASVS 7.4.3, 6.2.3).
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const subject = await attackedGateway();
const NEW_PASSWORD = "amber-harbour-58-whistle";

test("a stolen access token without the password changes nothing", async () => {
  const { browser } = await loggedIn(subject);
  const json = { current_password: "a guess at the password", new_password: NEW_PASSWORD };
  expect(told(await browser.api("/auth/password", { json }))).toEqual([401, "invalid_credentials"]);
  expect((await loggedIn(subject)).browser.accessToken).not.toBeNull();
});

test("a change ends the user's other sessions and not this one", async () => {
  const mine = await loggedIn(subject);
  const thief = await loggedIn(subject);
  const json = { current_password: ALICE.password, new_password: NEW_PASSWORD };
  expect((await mine.browser.api("/auth/password", { json })).status).toBe(204);

  expect(told(await thief.browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await thief.browser.refresh())).toEqual([401, "session_ended"]);
  expect(told(await subject.browser().login(ALICE.name, ALICE.password))).toEqual([401, "invalid_credentials"]);

  expect((await mine.browser.refresh()).status).toBe(200);
  expect((await mine.browser.api("/api/orders")).status).toBe(200);
  expect((await subject.browser().login(ALICE.name, NEW_PASSWORD)).status).toBe(200);
});
