// A thief has both tokens of a login; its owner revokes one of them. Whoever revokes the refresh token means the login: its
// access tokens end with it, at once. Whoever revokes an access token means that one: the login goes on.
// SECURITY: RV2 (RFC 7009 §2.1).
import { expect, test } from "vitest";
import { attackedGateway } from "./attacked-gateway.ts";
import { readToken } from "./forge.ts";
import { revoke } from "./oauth-calls.ts";
import { expectAccepted, expectRefused } from "./shown-access-token.ts";
import { grantRefresh, loginInBody, told } from "./shown-token.ts";

const subject = await attackedGateway();

async function login() {
  const browser = subject.browser();
  const refresh = await loginInBody(browser);
  return { browser, refresh, access: browser.accessToken ?? "" };
}

test("a refresh token takes every access token of its login along, and no other login's", async () => {
  const stolen = await login();
  const other = await login();
  const again = await grantRefresh(stolen.browser, stolen.refresh);
  const second = again.json<{ access_token: string }>().access_token;
  expect(readToken(second).claims.jti).not.toBe(readToken(stolen.access).claims.jti);
  await expectAccepted(subject, stolen.access);
  await expectAccepted(subject, second);

  expect((await revoke(subject.browser(), stolen.refresh)).status).toBe(200);
  await expectRefused(subject, stolen.access, "token_revoked");
  await expectRefused(subject, second, "token_revoked");
  expect((await grantRefresh(stolen.browser, stolen.refresh)).json().error).toBe("invalid_grant");
  expect(told(await stolen.browser.refresh(stolen.refresh))).toEqual([401, "session_ended"]);
  await expectAccepted(subject, other.access);
  expect((await other.browser.refresh(other.refresh)).status).toBe(200);
});

test("an access token goes alone", async () => {
  const { browser, refresh, access } = await login();
  expect((await revoke(subject.browser(), access)).status).toBe(200);
  await expectRefused(subject, access, "token_revoked");
  expect((await browser.refresh(refresh)).status).toBe(200);
  await expectAccepted(subject, browser.accessToken ?? "");
});
