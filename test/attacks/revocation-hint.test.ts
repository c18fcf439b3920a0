// A stolen token is reported with a wrong hint, by mistake or so that it survives its own revocation. The hint is a hint: the
// token is found all the same.
// SECURITY: RV4 (RFC 7009 §2.1). Both kinds of token can be revoked here, so that no type is unsupported.
import { expect, test } from "vitest";
import { attackedGateway } from "./attacked-gateway.ts";
import { asPublic, revoke } from "./oauth-calls.ts";
import { expectAccepted, expectRefused } from "./shown-access-token.ts";
import { loginInBody, told } from "./shown-token.ts";

const subject = await attackedGateway();
const HINTS = ["access_token", "refresh_token", "id_token", "", "nonsense", "urn:ietf:params:oauth:token-type:jwt"];

test.each(HINTS)("an access token with the hint %j", async (hint) => {
  const browser = subject.browser();
  await loginInBody(browser);
  const token = browser.accessToken ?? "";
  await expectAccepted(subject, token);
  expect((await revoke(browser, token, { ...asPublic, token_type_hint: hint })).status).toBe(200);
  await expectRefused(subject, token, "token_revoked");
});

test.each(HINTS)("a refresh token with the hint %j", async (hint) => {
  const browser = subject.browser();
  const token = await loginInBody(browser);
  expect((await revoke(browser, token, { ...asPublic, token_type_hint: hint })).status).toBe(200);
  expect(told(await browser.refresh(token))).toEqual([401, "session_ended"]);
  await expectRefused(subject, browser.accessToken ?? "", "token_revoked");
});
