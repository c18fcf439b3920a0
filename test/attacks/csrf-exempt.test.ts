// The defence against forged requests must not keep out those that nobody can forge: services and native applications send no
// Origin and no Fetch Metadata, and carry a token that no browser adds by itself. And an attacker must not reach a cookie's
// session by asking the way they do.
// SECURITY: CS5.
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { attackedProcess } from "./attacked-process.ts";
import { cookieOf, grantRefresh, told } from "./shown-token.ts";

const subject = await attackedProcess();
const SILENT = { "sec-fetch-site": "", "sec-fetch-mode": "", "sec-fetch-dest": "", origin: "" };

test("a native application works without any of a browser's headers", async () => {
  const native = subject.browser(SILENT);
  const login = await native.login(ALICE.name, ALICE.password, { refresh: "body" });
  expect(login.status).toBe(200);
  expect(login.setCookies).toEqual([]);
  const refreshToken = login.json<{ refresh_token: string }>().refresh_token;
  expect((await native.api("/api/orders", { method: "POST", json: {} })).status).toBe(200);
  expect((await native.refresh(refreshToken)).status).toBe(200);
  expect((await grantRefresh(native, refreshToken)).status).toBe(200);
  const patch = { method: "PATCH", json: { theme: "dark" } };
  expect((await native.api("/auth/session/data", patch)).status).toBe(200);
  expect((await native.api("/auth/logout", { method: "POST" })).status).toBe(204);
});

test("a client that is no browser is told how it logs in", async () => {
  const answer = await subject.browser(SILENT).login(ALICE.name, ALICE.password);
  expect(told(answer)).toEqual([403, "csrf"]);
  expect(answer.json<{ detail: string }>().detail).toContain('"refresh": "body"');
});

test("a login for the body is forged where a cookie rides along: it would end the cookie's session", async () => {
  const alice = await subject.loggedIn();
  const forged = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  const json = { username: ALICE.name, password: ALICE.password, refresh: "body" };
  expect(told(await alice.fetch("/auth/login", { json, headers: forged }))).toEqual([403, "csrf"]);
  expect((await alice.refresh()).status).toBe(200);
});

test("the OAuth endpoints ask for no origin, and take no cookie either", async () => {
  const alice = await subject.loggedIn();
  const forged = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  const form = { grant_type: "refresh_token", client_id: "postern" };
  const answer = await alice.fetch("/oauth/token", { form, headers: forged });
  expect([answer.status, answer.json().error]).toEqual([400, "invalid_request"]);
  expect(answer.setCookies).toEqual([]);
  const revoked = await alice.fetch("/oauth/revoke", { form: { token: "x", client_id: "postern" }, headers: forged });
  expect(revoked.setCookies).toEqual([]);
  expect(cookieOf(alice)).not.toBe("");
  expect((await alice.refresh()).status).toBe(200);
});
