// Where a service answers preflights itself, they pass without a credential. An attacker dresses other requests as preflights to get
// past the access rule: with a body, with another method in an override header, with a credential or an identity that the service might
// believe, by the method of another route; or floods the service with them.
// SECURITY: CS8, PX10.
import { beforeEach, expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { attackedGateway } from "./attacked-gateway.ts";

const LIMIT = 5;
const ORIGIN = "https://evil.example";
const subject = await attackedGateway({
  routes: [
    { path: "/api/*", upstream: "orders", access: "required", cors: false },
    { path: "/read/*", upstream: "orders", access: "public", methods: ["GET"], cors: false },
    { path: "/read/*", upstream: "orders", access: "required", methods: ["OPTIONS", "POST"], cors: false },
    {
      ...{ path: "/limited/*", upstream: "orders", access: "required", cors: false },
      limits: [{ by: "address", rate: `${LIMIT}/1d` }],
    },
  ],
});

beforeEach(() => {
  subject.upstream.requests.length = 0;
});

const preflight = (path: string, headers: Readonly<Record<string, string>> = {}, method = "OPTIONS") =>
  subject.browser({ origin: ORIGIN, "access-control-request-method": "POST", ...headers }).fetch(path, { method });

test("a plain preflight passes, and says nothing of anybody", async () => {
  const browser = subject.browser({ origin: ORIGIN, "access-control-request-method": "POST" });
  await browser.login(ALICE.name, ALICE.password);
  expect((await browser.api("/api/x", { method: "OPTIONS", headers: { "x-auth-user": "root" } })).status).toBe(200);
  const [seen] = subject.upstream.requests;
  expect(seen?.method).toBe("OPTIONS");
  for (const name of ["authorization", "x-auth-user", "x-auth-identity", "cookie"]) {
    expect(seen?.headers[name], name).toBeUndefined();
  }
});

test.each(["x-http-method-override", "x-http-method", "x-method-override", "X-HTTP-Method-Override"])(
  "%s is not passed on",
  async (name) => {
    expect((await preflight("/api/x", { [name]: "POST" })).status).toBe(200);
    expect(subject.upstream.requests[0]?.headers[name.toLowerCase()]).toBeUndefined();
  },
);

test.each([
  ["a length", "Content-Length: 5", "hello"],
  ["an empty body's length", "Content-Length: 0", ""],
  ["chunks", "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"],
])("one with %s is judged by what it is", async (_, framing, body) => {
  for (const [path, asked] of [
    ["/api/x", "POST"],
    // Public for GET: what is asked for must not stand for what is sent.
    ["/read/x", "GET"],
  ]) {
    const head = [
      ...[`OPTIONS ${path} HTTP/1.1`, "Host: shop", "Connection: close", `Origin: ${ORIGIN}`],
      ...[`Access-Control-Request-Method: ${asked}`, framing, "", ""],
    ];
    expect((await rawRequest(subject.url, head.join("\r\n") + body)).status, path).toBe(401);
  }
  expect(subject.upstream.requests).toEqual([]);
});

test.each(["GET", "POST", "DELETE", "HEAD"])("%s with a preflight's headers needs a credential", async (method) => {
  expect((await preflight("/api/x", {}, method)).status).toBe(401);
  expect(subject.upstream.requests).toEqual([]);
});

test("no ambiguous path passes", async () => {
  for (const path of ["/api//x", "/read/..%2fapi/x", "/api/..;/x"]) {
    expect((await preflight(path)).status, path).toBe(400);
  }
  expect(subject.upstream.requests).toEqual([]);
});

test("a flood of them is limited as anything else", async () => {
  const seen: number[] = [];
  for (let time = 0; time < LIMIT + 2; time++) seen.push((await preflight("/limited/x")).status);
  expect(seen).toEqual([...Array.from({ length: LIMIT }, () => 200), 429, 429]);
  expect(subject.upstream.requests).toHaveLength(LIMIT);
});
