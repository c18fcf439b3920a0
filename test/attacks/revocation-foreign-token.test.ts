// A client that has got hold of another one's token logs its user out, or takes a service down, through the revocation endpoint;
// or somebody does it in a client's name without its secret.
// SECURITY: RV3 (RFC 7009 §2.1).
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import {
  asPublic,
  asService,
  OTHER_SERVICE,
  oauthError,
  revoke,
  SERVICE,
  SERVICES,
  serviceToken,
} from "./oauth-calls.ts";
import { expectAccepted, expectRefused } from "./shown-access-token.ts";
import { cookieOf, loginInBody } from "./shown-token.ts";

const subject = await attackedGateway({ clients: SERVICES });
const browser = subject.browser();

test("another client's access token stays live", async () => {
  const mine = await serviceToken(browser);
  const person = subject.browser();
  const refresh = await loginInBody(person);
  for (const thief of [asService(OTHER_SERVICE), asPublic]) {
    expect((await revoke(browser, mine, thief)).status).toBe(200);
    await expectAccepted(subject, mine);
  }
  for (const token of [person.accessToken ?? "", refresh]) {
    expect((await revoke(browser, token, asService())).status).toBe(200);
  }
  await expectAccepted(subject, person.accessToken ?? "");
  expect((await person.refresh(refresh)).status).toBe(200);
});

test("its own client ends it", async () => {
  const mine = await serviceToken(browser);
  const other = await serviceToken(browser);
  expect((await revoke(browser, mine, asService())).status).toBe(200);
  await expectRefused(subject, mine, "token_revoked");
  await expectAccepted(subject, other);
});

test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
  ["nobody", {}, {}],
  ["a client without its secret", { client_id: SERVICE.id }, {}],
  ["a client with another's secret", { client_id: SERVICE.id, client_secret: OTHER_SERVICE.secret }, {}],
  ["a client that does not exist", { client_id: "c_nobody", client_secret: SERVICE.secret }, {}],
  ["the public client with a secret", { client_id: "postern", client_secret: "x" }, {}],
  ["a secret cut short", { client_id: SERVICE.id, client_secret: SERVICE.secret.slice(0, -1) }, {}],
  ["a bearer token", {}, { authorization: "Bearer x" }],
  ["Basic without a secret", {}, { authorization: `Basic ${btoa(`${SERVICE.id}:`)}` }],
])("%s is invalid_client, and the token stays live", async (_, form, headers) => {
  const mine = await serviceToken(browser);
  const answer = await browser.fetch("/oauth/revoke", { form: { token: mine, ...form }, headers });
  expect(oauthError(answer)).toEqual([401, "invalid_client", "application/json", "no-store"]);
  expect(answer.headers["www-authenticate"]).toMatch(/^Basic realm=/);
  await expectAccepted(subject, mine);
});

test("a login's refresh token in a cookie is ended by its text alone, as a leaked one must be, and by no page", async () => {
  const { browser: person } = await loggedIn(subject);
  // Another site's page can send the cookie along, and cannot read it into the form.
  const forged = await person.fetch("/oauth/revoke", {
    ...{ form: asPublic, headers: { "sec-fetch-site": "cross-site", origin: "https://evil.example.com" } },
  });
  expect(oauthError(forged).slice(0, 2)).toEqual([400, "invalid_request"]);
  expect((await person.api("/api/orders")).status).toBe(200);
  expect((await revoke(browser, cookieOf(person))).status).toBe(200);
  expect((await person.api("/api/orders")).status).toBe(401);
});
