// The attacker asks the introspection endpoint about stolen or guessed tokens: without being anybody, as the public client that
// anybody can be, or by a link that a browser follows and a log keeps.
// SECURITY: RV7 (RFC 7662 §2.1).
import { expect, test } from "vitest";
import { attackedGateway } from "./attacked-gateway.ts";
import { asPublic, asService, introspect, oauthError, SERVICE, SERVICES } from "./oauth-calls.ts";
import { freshToken } from "./shown-access-token.ts";

const subject = await attackedGateway({ clients: SERVICES });
const token = await freshToken(subject);
const browser = subject.browser();

test("a service with its secret is answered", async () => {
  expect((await introspect(browser, token)).json()).toMatchObject({ active: true });
});

test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
  ["nobody", {}, {}],
  ["the public client", asPublic, {}],
  ["a service without its secret", { client_id: SERVICE.id }, {}],
  ["a service with a wrong secret", { client_id: SERVICE.id, client_secret: "wrong" }, {}],
  ["the token itself as a credential", {}, { authorization: `Bearer ${token}` }],
])("%s is invalid_client and learns nothing", async (_, form, headers) => {
  for (const shown of [token, "garbage"]) {
    const answer = await browser.fetch("/oauth/introspect", { form: { token: shown, ...form }, headers });
    expect(oauthError(answer)).toEqual([401, "invalid_client", "application/json", "no-store"]);
    expect(Object.keys(answer.json()).toSorted()).toEqual(["error", "error_description"]);
    expect(answer.headers["www-authenticate"]).toMatch(/^Basic /);
  }
});

test.each(["GET", "HEAD", "PUT", "DELETE"])("%s is refused", async (method) => {
  const query = new URLSearchParams({ token, ...asService() });
  const answer = await browser.fetch(`/oauth/introspect?${query}`, { method });
  expect([answer.status, answer.headers.allow]).toEqual([405, "POST"]);
});

test("parameters in the address of a POST are not read", async () => {
  const query = new URLSearchParams({ token, ...asService() });
  const answer = await browser.fetch(`/oauth/introspect?${query}`, { form: {} });
  expect(oauthError(answer).slice(0, 2)).toEqual([401, "invalid_client"]);
});
