// An administrator was demoted. The access token in hand still says "admin" for minutes: it must not be believed. The
// session goes on, and its next renewal says what the user may do now.
// docs/revocation.md, levels.
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const subject = await attackedGateway({
  routes: [{ path: "/api/*", upstream: "orders", access: { scopes: ["orders:write"] } }],
});

const setRoles = async (roles: readonly string[]): Promise<void> => {
  const answer = await subject.admin(`/users/${subject.alice}`, { method: "PATCH", json: { roles } });
  expect(answer.status).toBe(200);
};

test("a token of before is refused at once; the next refresh carries the new roles, either way", async () => {
  await setRoles(["admin"]);
  const browser = subject.browser();
  await browser.login(ALICE.name, ALICE.password);
  expect((await browser.api("/api/orders")).status).toBe(200);

  await setRoles(["user"]);
  expect(told(await browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  const renewed = await browser.refresh();
  expect(renewed.json()).toMatchObject({ user: { roles: ["user"] } });
  expect(decodeJwt(browser.accessToken ?? "")).toMatchObject({ roles: ["user"], scope: "orders:read" });
  expect(told(await browser.api("/api/orders"))).toEqual([403, "insufficient_scope"]);

  await setRoles(["admin"]);
  expect(told(await browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect((await browser.refresh()).status).toBe(200);
  expect((await browser.api("/api/orders")).status).toBe(200);
});
