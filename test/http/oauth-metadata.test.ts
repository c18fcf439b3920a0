import { createLocalJWKSet, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { expect, test } from "vitest";
import { wellKnownEndpoints } from "../../src/http/well-known.ts";
import { testServices } from "../support/services.ts";

test("the metadata passes a strict client's check and names what exists", async () => {
  const { services } = await testServices({ roles: { user: { scopes: ["b", "a"] } } });
  const response = await wellKnownEndpoints(services).request("/.well-known/oauth-authorization-server");
  expect(response.headers.get("cache-control")).toMatch(/^public, max-age=\d+$/);
  const issuer = new URL("https://app.example.com");
  const metadata = await oauth.processDiscoveryResponse(issuer, response);
  expect(metadata).toEqual({
    issuer: "https://app.example.com",
    jwks_uri: "https://app.example.com/.well-known/jwks.json",
    token_endpoint: "https://app.example.com/oauth/token",
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
    revocation_endpoint: "https://app.example.com/oauth/revoke",
    revocation_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
    introspection_endpoint: "https://app.example.com/oauth/introspect",
    introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    grant_types_supported: ["client_credentials", "refresh_token"],
    response_types_supported: [],
    scopes_supported: ["a", "b"],
  });
});

test("an issuer with a path has its metadata where RFC 8414 puts it", async () => {
  const { services } = await testServices({ issuer: "https://app.example.com/tenant", paths: { oauth: "/o" } });
  const response = await wellKnownEndpoints(services).request("/.well-known/oauth-authorization-server/tenant");
  const metadata = await oauth.processDiscoveryResponse(new URL("https://app.example.com/tenant"), response);
  expect(metadata.token_endpoint).toBe("https://app.example.com/o/token");
});

test("the key set is public, cacheable for less than a new key is published ahead, and verifies tokens", async () => {
  const { services, logIn } = await testServices();
  const { accessToken } = await logIn();
  const response = await wellKnownEndpoints(services).request("/.well-known/jwks.json");
  expect(response.headers.get("content-type")).toBe("application/jwk-set+json");
  const maxAge = /^public, max-age=(\d+)$/.exec(response.headers.get("cache-control") ?? "")?.[1];
  expect(Number(maxAge)).toBeGreaterThan(0);
  expect(Number(maxAge) * 1000).toBeLessThan(services.config.tokens.keys.publishAhead);
  const set = (await response.json()) as Parameters<typeof createLocalJWKSet>[0];
  for (const key of set.keys) expect(Object.keys(key)).not.toEqual(expect.arrayContaining(["d"]));
  const { payload } = await jwtVerify(accessToken, createLocalJWKSet(set), { issuer: services.config.issuer });
  expect(payload.preferred_username).toBe("alice");
});

test("only reading is understood", async () => {
  const { services } = await testServices();
  const app = wellKnownEndpoints(services);
  const head = await app.request("/.well-known/jwks.json", { method: "HEAD" });
  expect({ status: head.status, body: await head.text() }).toEqual({ status: 200, body: "" });
  const response = await app.request("/.well-known/jwks.json", { method: "POST" });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, HEAD");
});
