// An attacker frames the gateway's answers, has a browser guess another type for them, or strips TLS once and for ever. Every
// answer that Postern itself makes carries the headers against it, whichever part of Postern makes it: a refusal on a proxied
// route, a redirect, a preflight, an endpoint, or the parser that could not read the request at all.
// SECURITY: CS10 (ASVS 3.4.1-3.4.6).
import { expect, test } from "vitest";
import type { Call } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { asOperator, attackedProcess, ROUTES } from "./attacked-process.ts";

const ISSUER = "https://shop.example";
const subject = await attackedProcess({
  issuer: ISSUER,
  routes: [...ROUTES, { path: "/get", upstream: "gone", access: "public", methods: ["GET"] }],
  upstreams: { up: { targets: ["http://127.0.0.1:9"] }, gone: { targets: ["http://127.0.0.1:9"] } },
  login: { page: "/public/login" },
  admin: { public: true },
});
const alice = await subject.loggedIn();
const expired = alice.copy();
expired.cookies.delete("__Host-Http-postern-access");

function expectSecure(headers: Readonly<Record<string, string>>): void {
  const [, seconds] = /^max-age=(\d+); includeSubDomains$/.exec(headers["strict-transport-security"] ?? "") ?? [];
  expect(Number(seconds)).toBeGreaterThanOrEqual(365 * 24 * 60 * 60);
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["referrer-policy"]).toBe("no-referrer");
  const policy = (headers["content-security-policy"] ?? "").split("; ");
  for (const directive of ["default-src", "frame-ancestors", "object-src", "base-uri"]) {
    expect(policy).toContain(`${directive} 'none'`);
  }
}

const navigate = { headers: { "sec-fetch-mode": "navigate" } };
const preflight = {
  method: "OPTIONS",
  headers: { origin: "https://x.example", "access-control-request-method": "PUT" },
};
const cross = { "sec-fetch-site": "cross-site" };

test.each<[string, number, string, Call]>([
  ["no token", 401, "/api/orders", {}],
  ["no route", 404, "/nowhere", {}],
  ["another method", 405, "/get", { method: "POST" }],
  ["an ambiguous path", 400, "/api//x", {}],
  ["a forged request", 403, "/account/", { method: "POST", headers: cross }],
  ["a service that is down", 502, "/get", {}],
  ["TRACE", 405, "/get", { method: "TRACE" }],
  ["OPTIONS *", 204, "/get", { method: "OPTIONS", headers: { "max-forwards": "0" } }],
  ["a preflight of a route", 204, "/api/orders", preflight],
  ["a preflight of an endpoint", 204, "/auth/login", preflight],
  ["a renewal's redirect", 303, "/account/", navigate],
  ["the keys", 200, "/.well-known/jwks.json", {}],
  ["the metadata", 200, "/.well-known/oauth-authorization-server", {}],
  ["an endpoint without a token", 401, "/auth/me", {}],
  ["an endpoint that is none", 404, "/auth/nowhere", {}],
  ["another method of an endpoint", 405, "/auth/login", {}],
  ["a bad body", 400, "/auth/login", { body: "{", headers: { "content-type": "application/json" } }],
  ["too large a body", 413, "/auth/login", { body: "x".repeat(70_000) }],
  ["a wrong password", 401, "/auth/login", { json: { username: "alice", password: "wrong" } }],
  ["a login form", 303, "/auth/login", { form: { username: ALICE.name, password: ALICE.password } }],
  ["a login form that fails", 303, "/auth/login", { form: { username: ALICE.name, password: "wrong" } }],
  ["a verdict", 403, "/auth/verify", {}],
  ["an OAuth error", 400, "/oauth/token", { form: { grant_type: "password", client_id: "postern" } }],
  ["the admin API", 401, "/admin/users", {}],
])("%s (%d)", async (_, status, path, call) => {
  const browser = path === "/account/" ? expired : subject.browser();
  const answer = await browser.fetch(path, call);
  expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
  expectSecure(answer.headers);
  if (path.startsWith("/auth/") && status !== 204) expect(answer.headers["cache-control"]).toBe("no-store");
  if (status === 303 || status >= 400) expect(answer.headers["cache-control"]).toBe("no-store");
});

test("a page load without a session, on its way to the login page", async () => {
  const answer = await subject.browser().fetch("/account/", navigate);
  expect(answer.status).toBe(303);
  expectSecure(answer.headers);
});

test("answers to who is logged in are not stored, and a logout clears no more than the cache", async () => {
  const browser = await subject.loggedIn();
  for (const path of ["/auth/me", "/auth/sessions", "/auth/session/data"]) {
    const answer = await browser.api(path);
    expect(answer.status).toBe(200);
    expectSecure(answer.headers);
    expect(answer.headers["cache-control"]).toBe("no-store");
  }
  const logout = await browser.logout();
  expect(logout.status).toBe(204);
  expectSecure(logout.headers);
  expect(logout.headers["clear-site-data"]).toBe('"cache"');
});

test("the operations listener", async () => {
  for (const [path, status] of [
    ["/healthz", 200],
    ["/readyz", 200],
    ["/admin/users", 200],
    ["/nowhere", 404],
  ] as const) {
    const answer = await asOperator(subject.gateway).fetch(path);
    expect(answer.status).toBe(status);
    expectSecure(answer.headers);
  }
});

test.each([
  ["no HTTP at all", "hello\r\n\r\n", 400],
  ["a header without a colon", "GET / HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n", 400],
  ["too long a head", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400],
  ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400],
])("what the parser refuses: %s", async (_, bytes, status) => {
  const { text, ...answer } = await rawRequest(subject.gateway.url, bytes);
  expect(answer.status).toBe(status);
  const lines = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n").slice(1);
  const headers = lines.map((line) => /^([^:]*): (.*)$/.exec(line)?.slice(1) ?? []);
  expectSecure(Object.fromEntries(headers.map(([name = "", value = ""]) => [name.toLowerCase(), value])));
});
