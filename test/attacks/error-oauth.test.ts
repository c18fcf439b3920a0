// An OAuth client is sent an error that its library does not understand, and tries again for ever, or takes it for an answer.
// Under /oauth/ every error has the form of RFC 6749, whatever went wrong and wherever it was noticed.
// SECURITY: ER4 (RFC 6749 §5.2).
import { expect, test } from "vitest";
import { type Store, StoreUnavailable } from "../../src/stores/store.ts";
import { rawRequest } from "../support/raw-http.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { asPublic, asService, oauthError, SERVICE, SERVICES } from "./oauth-calls.ts";

let fault: Error | null = null;
const failing = (store: Store): Store => ({
  ...store,
  clientIssueTime: async (input) => {
    if (fault !== null) throw fault;
    return store.clientIssueTime(input);
  },
});
const subject = await attackedGateway({ clients: SERVICES }, undefined, { store: failing });
const browser = subject.browser();
const own = { grant_type: "client_credentials", ...asService() };

test.each<[string, string, Readonly<Record<string, string>>, number, string]>([
  ["no parameters", "token", {}, 401, "invalid_client"],
  ["no grant type", "token", asPublic, 400, "invalid_request"],
  ["an unknown grant", "token", { ...asPublic, grant_type: "urn:x" }, 400, "unsupported_grant_type"],
  [
    "the authorization_code grant",
    "token",
    { ...asPublic, grant_type: "authorization_code" },
    400,
    "unsupported_grant_type",
  ],
  ["no refresh token", "token", { ...asPublic, grant_type: "refresh_token" }, 400, "invalid_request"],
  [
    "a bad refresh token",
    "token",
    { ...asPublic, grant_type: "refresh_token", refresh_token: "x" },
    400,
    "invalid_grant",
  ],
  ["a wrong secret", "token", { ...own, client_secret: "x" }, 401, "invalid_client"],
  ["too much scope", "token", { ...own, scope: "everything" }, 400, "invalid_scope"],
  ["a scope that is none", "token", { ...own, scope: 'a"b' }, 400, "invalid_scope"],
  ["a client that may not", "token", { ...asPublic, grant_type: "client_credentials" }, 400, "unauthorized_client"],
  ["nothing to revoke", "revoke", asPublic, 400, "invalid_request"],
  ["nothing to introspect", "introspect", asService(), 400, "invalid_request"],
  ["no such endpoint", "authorize", asPublic, 404, "invalid_request"],
  ["a path behind an endpoint", "token/x", asPublic, 404, "invalid_request"],
])("%s", async (_, endpoint, form, status, error) => {
  const answer = await browser.fetch(`/oauth/${endpoint}`, { form });
  expect(oauthError(answer)).toEqual([status, error, "application/json", "no-store"]);
  expect(Object.keys(answer.json()).toSorted()).toEqual(["error", "error_description"]);
  expect(answer.json<{ error_description: string }>().error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  expect("www-authenticate" in answer.headers).toBe(status === 401);
});

test.each([
  ["JSON", '{"grant_type":"client_credentials"}', "application/json"],
  ["no type", "grant_type=client_credentials", ""],
  ["a parameter twice", "grant_type=client_credentials&grant_type=password", "application/x-www-form-urlencoded"],
  ["bytes that are no UTF-8", "grant_type=%ff%fe&%c0%af=1", "application/x-www-form-urlencoded"],
  ["nothing", "", "application/x-www-form-urlencoded"],
  ["thousands of parameters", "a=1&".repeat(10_000), "application/x-www-form-urlencoded"],
])("a body of %s", async (_, body, type) => {
  for (const endpoint of ["token", "revoke", "introspect"]) {
    const answer = await browser.fetch(`/oauth/${endpoint}`, {
      method: "POST",
      body,
      headers: { "content-type": type },
    });
    const [status, error, ...headers] = oauthError(answer);
    expect([400, 401]).toContain(status);
    expect(["invalid_request", "invalid_client"]).toContain(error);
    expect(headers).toEqual(["application/json", "no-store"]);
  }
});

test("a body past the bound is 413, declared or not, and the connection ends", async () => {
  const form = `grant_type=client_credentials&x=${"x".repeat(subject.config.maxBody)}`;
  const head = ["Host: a", "Content-Type: application/x-www-form-urlencoded"].join("\r\n");
  const chunked = `Transfer-Encoding: chunked\r\n\r\n${form.length.toString(16)}\r\n${form}\r\n0\r\n\r\n`;
  for (const endpoint of ["token", "revoke", "introspect"]) {
    for (const rest of [chunked, `Content-Length: ${form.length}\r\n\r\n${form}`]) {
      const answer = await rawRequest(subject.url, `POST /oauth/${endpoint} HTTP/1.1\r\n${head}\r\n${rest}`);
      expect([answer.status, answer.closed]).toEqual([413, true]);
      expect(JSON.parse(answer.text.slice(answer.text.indexOf("\r\n\r\n") + 4))).toMatchObject({
        error: "invalid_request",
      });
    }
  }
});

test.each([
  ["a store that is away", new StoreUnavailable("x"), 503, "temporarily_unavailable"],
  ["a defect inside", new TypeError(`x ${SERVICE.secret}`), 500, "server_error"],
])("%s", async (_, error, status, code) => {
  fault = error;
  try {
    const answer = await browser.fetch("/oauth/token", { form: own });
    expect(oauthError(answer)).toEqual([status, code, "application/json", "no-store"]);
    expect("retry-after" in answer.headers).toBe(status === 503);
    expect(answer.text).not.toContain(SERVICE.secret);
  } finally {
    fault = null;
  }
});
