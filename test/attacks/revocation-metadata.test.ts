// A mix-up: a client is led to believe metadata of another issuer, or finds endpoints on another origin because a header of the
// request chose it. The document says the configured issuer to the letter, whatever the request says, also where its path differs.
// SECURITY: RV10 (RFC 8414 §2, §3.1, §3.3).
import { expect, test } from "vitest";
import { attackedGateway } from "./attacked-gateway.ts";

const WELL_KNOWN = "/.well-known/oauth-authorization-server";
const root = await attackedGateway({ issuer: "https://auth.example.com" });
const tenant = await attackedGateway({ issuer: "https://auth.example.com/tenant" });

const LIES = {
  host: "evil.example.com",
  "x-forwarded-host": "evil.example.com",
  "x-forwarded-proto": "http",
  forwarded: "host=evil.example.com;proto=http",
};

test.each([
  ["an issuer without a path", root, WELL_KNOWN],
  ["an issuer with a path, at the place of RFC 8414 §3.1", tenant, `${WELL_KNOWN}/tenant`],
])("%s", async (_, gateway, path) => {
  const { issuer, origin } = gateway.config;
  const document = await gateway.browser().fetch(path);
  expect(document.status).toBe(200);
  expect(document.headers["content-type"]).toMatch(/^application\/json/);
  expect(document.json()).toMatchObject({
    issuer,
    jwks_uri: `${origin}/.well-known/jwks.json`,
    token_endpoint: `${origin}/oauth/token`,
    revocation_endpoint: `${origin}/oauth/revoke`,
    introspection_endpoint: `${origin}/oauth/introspect`,
    grant_types_supported: ["client_credentials", "refresh_token"],
  });
  expect(issuer).toMatch(/^https:\/\/[^?#]+$/);
  const lied = await gateway.browser().fetch(path, { headers: LIES });
  expect(lied.text).toBe(document.text);
});

test("every endpoint that is named is there, and understands POST alone", async () => {
  const document = (await root.browser().fetch(WELL_KNOWN)).json<Record<string, unknown>>();
  const endpoints = Object.entries(document).filter(([name]) => name.endsWith("_endpoint"));
  expect(endpoints.length).toBe(3);
  for (const [name, url] of endpoints) {
    const { pathname } = new URL(String(url));
    expect((await root.browser().fetch(pathname)).status, name).toBe(405);
    expect((await root.browser().fetch(pathname, { form: {} })).status, name).toBe(401);
  }
  expect((await root.browser().fetch(new URL(String(document.jwks_uri)).pathname)).status).toBe(200);
});

test.each(["POST", "PUT", "DELETE"])("%s changes nothing", async (method) => {
  for (const path of [WELL_KNOWN, "/.well-known/jwks.json"]) {
    const answer = await root.browser().fetch(path, { method });
    expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
  }
});

test.each([`${WELL_KNOWN}/other`, `${WELL_KNOWN}/tenant/..`, "/.well-known/openid-configuration"])(
  "%s is nowhere",
  async (path) => {
    expect([400, 404]).toContain((await root.browser().fetch(path)).status);
  },
);
