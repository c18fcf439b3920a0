// A contractor has left and the account is disabled. Open browsers, running scripts and the remembered password are tried:
// nothing of the account works from the answer on, and enabling it again brings no old session back.
// SECURITY: RT10 (ASVS 7.4.2).
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { loginInBody, told } from "./shown-token.ts";

const subject = await attackedGateway();

const change = async (json: object): Promise<void> => {
  expect((await subject.admin(`/users/${subject.alice}`, { method: "PATCH", json })).status).toBe(200);
};

test("disabling ends every session and refuses logins; enabling revives none", async () => {
  const { browser } = await loggedIn(subject);
  const native = subject.browser();
  const token = await loginInBody(native);
  expect((await browser.api("/api/orders")).status).toBe(200);

  await change({ disabled: true });
  expect(told(await browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await native.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
  expect(told(await native.refresh(token))).toEqual([401, "session_ended"]);
  expect(told(await subject.browser().login(ALICE.name, ALICE.password))).toEqual([401, "invalid_credentials"]);

  await change({ disabled: false });
  expect(told(await browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
  expect((await (await loggedIn(subject)).browser.api("/api/orders")).status).toBe(200);
});

test("removing the user ends the sessions too", async () => {
  const { browser } = await loggedIn(subject);
  expect((await subject.admin(`/users/${subject.alice}`, { method: "DELETE" })).status).toBe(204);
  expect(told(await browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
});
