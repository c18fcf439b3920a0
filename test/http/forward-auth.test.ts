import { decodeJwt } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { addUser } from "../attacks/attacked-process.ts";
import { type RunningGateway, runGateway } from "../gateways/running-gateway.ts";
import { type Answer, Browser, type Call } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { waitUntil } from "../support/wait-until.ts";

const IDENTITY = ["x-auth-user", "x-auth-name", "x-auth-session", "x-auth-roles", "x-auth-scope", "x-auth-identity"];
const ROUTES = [
  { path: "/orders/*", access: { scopes: ["orders:read"] } },
  { path: "/refunds/*", access: { scopes: ["orders:write"] } },
  { path: "/fresh/*", access: { maxAge: "1s" } },
  { path: "/admin/*", access: { roles: ["admin"] } },
  { path: "/open/*", access: "public" },
  { path: "/feed/*", access: "optional" },
  { path: "/account/*", access: "required", credentials: "session" },
  { path: "/get", access: "public", methods: ["GET"] },
  { path: "/hosted/*", access: "public", host: "shop.example" },
  { path: "/signed/*", access: "required", host: "app.example" },
];

let gateway: RunningGateway;
let alice: Browser;

beforeAll(async () => {
  gateway = await runGateway({
    roles: ROLES,
    routes: ROUTES,
    trustedProxies: ["127.0.0.1/32"],
    login: { page: "/open/login" },
  });
  await addUser(gateway, ALICE);
  alice = new Browser(gateway.url);
  await alice.login(ALICE.name, ALICE.password);
});

/** Asks for a verdict the way Traefik and Caddy do, as whoever the browser is logged in as. */
const verdict = (browser: Browser, uri: string, headers: Readonly<Record<string, string>> = {}, call: Call = {}) =>
  browser.fetch("/auth/verify", {
    ...call,
    headers: { "x-forwarded-method": "GET", "x-forwarded-uri": uri, "x-forwarded-host": "app.example", ...headers },
  });
const bearer = (): Record<string, string> => ({ authorization: `Bearer ${alice.accessToken}` });
const nobody = (): Browser => new Browser(gateway.url);

const expectProblem = (answer: Answer, status: number, code: string): void => {
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(`"${code}"`)]);
  for (const name of IDENTITY) expect(answer.headers[name]).toBeUndefined();
};

function expectIdentity(answer: Answer, known: boolean): void {
  expect([answer.status, answer.text]).toEqual([200, ""]);
  for (const name of IDENTITY) expect(answer.headers[name], name).toBeDefined();
  expect(answer.headers["x-auth-name"]).toBe(known ? ALICE.name : "");
  for (const name of IDENTITY) expect(answer.headers[name] === "", name).toBe(!known);
}

describe("the verdict on each kind of route", () => {
  test("required: 200 with every identity header, 401 without a token, 403 without the scope or the role", async () => {
    expectIdentity(await verdict(alice, "/orders/1?a=%2F", bearer()), true);
    const missing = await verdict(nobody(), "/orders/1");
    expectProblem(missing, 401, "unauthenticated");
    expect(missing.headers["www-authenticate"]).toBe("Bearer");
    const bad = await verdict(nobody(), "/orders/1", { authorization: "Bearer x.y.z" });
    expectProblem(bad, 401, "token_invalid");
    expect(bad.headers["www-authenticate"]).toContain('error="invalid_token"');
    expectProblem(await verdict(alice, "/refunds/1", bearer()), 403, "insufficient_scope");
    expectProblem(await verdict(alice, "/admin/1", bearer()), 403, "forbidden");
  });

  test("public: nobody, whatever was sent", async () => {
    expectIdentity(await verdict(nobody(), "/open/"), false);
    expectIdentity(await verdict(alice, "/open/", bearer()), false);
    expectIdentity(await verdict(nobody(), "/open/", { authorization: "Bearer x.y.z" }), false);
  });

  test("optional: somebody for a good token, nobody without one, 401 for a bad one", async () => {
    expectIdentity(await verdict(alice, "/feed/", bearer()), true);
    expectIdentity(await verdict(nobody(), "/feed/"), false);
    expectProblem(await verdict(nobody(), "/feed/", { authorization: "Bearer x.y.z" }), 401, "token_invalid");
  });

  test("session: by the access cookie, or by the refresh cookie with a new access cookie for the browser", async () => {
    expectIdentity(await verdict(alice, "/account/"), true);
    const twin = alice.copy();
    twin.cookies.delete("__Host-Http-postern-access");
    const renewed = await verdict(twin, "/account/", { "sec-fetch-mode": "navigate", accept: "text/html" });
    expectIdentity(renewed, true);
    expect(renewed.setCookies).toEqual([expect.stringMatching(/^__Host-Http-postern-access=/)]);
    expect(renewed.headers["cache-control"]).toBe("no-store");
  });

  test("session: a page load without a session is 401 and no redirect, a forged POST is 403", async () => {
    const page = { "sec-fetch-mode": "navigate", accept: "text/html" };
    expectProblem(await verdict(nobody(), "/account/", page), 401, "unauthenticated");
    const forged = { "x-forwarded-method": "POST", "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    expectProblem(await verdict(alice, "/account/", forged), 403, "csrf");
    expectIdentity(await verdict(alice, "/account/", { "x-forwarded-method": "POST" }), true);
  });

  test("what would be 400, 404 or 405 is 403", async () => {
    for (const uri of ["/nowhere", "/orders//1", "/orders/%2e%2e/open/", "/OPEN/", "/open/..%2forders"]) {
      expectProblem(await verdict(alice, uri, bearer()), 403, "forbidden");
    }
    expectProblem(await verdict(alice, "/get", { ...bearer(), "x-forwarded-method": "POST" }), 403, "forbidden");
    expectProblem(await verdict(alice, "/hosted/", bearer()), 403, "forbidden");
    expectIdentity(await verdict(alice, "/hosted/", { "x-forwarded-host": "shop.example" }), false);
  });

  test("an old login on a route with maxAge is asked for a new one", async () => {
    const { auth_time } = JSON.parse(Buffer.from(alice.accessToken?.split(".")[1] ?? "", "base64url").toString());
    await waitUntil(
      () => "the login is not old yet",
      () => Date.now() > auth_time * 1000 + 1000,
    );
    const answer = await verdict(alice, "/fresh/", bearer());
    expectProblem(answer, 401, "step_up");
    expect(answer.headers["www-authenticate"]).toContain("insufficient_user_authentication");
  });

  test("a revoked token is refused at once", async () => {
    const browser = nobody();
    await browser.login(ALICE.name, ALICE.password);
    const { accessToken } = browser;
    await browser.logout();
    const answer = await verdict(nobody(), "/orders/1", { authorization: `Bearer ${accessToken}` });
    expectProblem(answer, 401, "token_revoked");
  });
});

describe("who may ask, and about what", () => {
  test("a peer that is no trusted proxy is refused, whatever it names", async () => {
    const open = await runGateway({ roles: ROLES, routes: ROUTES });
    for (const headers of [{}, { "x-forwarded-for": "127.0.0.1" }, { forwarded: "for=127.0.0.1" }]) {
      const answer = await verdict(new Browser(open.url), "/open/", headers);
      expectProblem(answer, 403, "verify_target");
    }
    expectProblem(await new Browser(open.url).fetch("/auth/verify"), 403, "verify_target");
    const preflight = { origin: "https://x.example", "access-control-request-method": "GET" };
    const answer = await verdict(new Browser(open.url), "/open/", preflight, { method: "OPTIONS" });
    expectProblem(answer, 403, "verify_target");
    await open.stop();
  });

  test.each<[string, readonly string[]]>([
    ["nothing", []],
    ["no method", ["X-Forwarded-Uri: /open/"]],
    ["no URI", ["X-Forwarded-Method: GET"]],
    ["two URIs", ["X-Forwarded-Method: GET", "X-Forwarded-Uri: /open/", "X-Forwarded-Uri: /open/"]],
    ["two methods", ["X-Forwarded-Method: GET", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /open/"]],
    ["two URIs that differ", ["X-Forwarded-Method: GET", "X-Forwarded-Uri: /open/", "x-forwarded-uri: /orders/"]],
    ["names that disagree", ["X-Forwarded-Method: GET", "X-Forwarded-Uri: /open/", "X-Original-URI: /orders/"]],
    ["methods that disagree", ["X-Forwarded-Method: GET", "X-Original-Method: POST", "X-Original-URI: /open/"]],
    ["two hosts", ["X-Forwarded-Method: GET", "X-Forwarded-Uri: /open/", "X-Forwarded-Host: a", "X-Forwarded-Host: b"]],
    ["no method at all", ["X-Forwarded-Method: GE T", "X-Forwarded-Uri: /open/"]],
    ["a list of methods", ["X-Forwarded-Method: GET, POST", "X-Forwarded-Uri: /open/"]],
    ["a whole URL", ["X-Forwarded-Method: GET", "X-Forwarded-Uri: http://a/open/"]],
    ["a URI with a space", ["X-Forwarded-Method: GET", "X-Forwarded-Uri: /open/ /orders/"]],
    ["an empty URI", ["X-Forwarded-Method: GET", "X-Forwarded-Uri:"]],
    ["names with underscores", ["X_Forwarded_Method: GET", "X_Forwarded_Uri: /open/"]],
  ])("%s: 403 verify_target", async (_, lines) => {
    const head = ["GET /auth/verify HTTP/1.1", "Host: a", "Connection: close", ...lines, "", ""];
    const answer = await rawRequest(gateway.url, head.join("\r\n"));
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('"verify_target"')]);
  });

  test.each<[string, Record<string, string>]>([
    ["nginx's names", { "x-original-method": "GET", "x-original-uri": "/open/a" }],
    ["Traefik's and Caddy's", { "x-forwarded-method": "GET", "x-forwarded-uri": "/open/a" }],
    ["both, alike", { "x-forwarded-method": "GET", "x-forwarded-uri": "/open/a", "x-original-uri": "/open/a" }],
  ])("%s: 200, by any method", async (_, headers) => {
    for (const method of ["GET", "POST", "HEAD", "DELETE"]) {
      const answer = await nobody().fetch("/auth/verify", { method, headers });
      expect(answer.status).toBe(200);
    }
  });

  test("Postern's own paths are never judged, in no spelling, by nobody", async () => {
    for (const uri of [
      "/auth/verify",
      "/auth/verify?x=1",
      "/auth/me",
      "/AUTH/verify",
      "/oauth/token",
      "/.well-known/jwks.json",
    ]) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const named = { ...bearer(), "x-forwarded-method": method };
        const asked = { origin: "https://x.example", "access-control-request-method": "GET" };
        expectProblem(await verdict(alice, uri, named), 403, "forbidden");
        expectProblem(await verdict(alice, uri, { ...named, ...asked }), 403, "forbidden");
      }
    }
  });

  test("a preflight of a route passes as nobody, whichever method asks; one of no route does not", async () => {
    const asked = {
      origin: "https://x.example",
      "access-control-request-method": "GET",
      "x-forwarded-method": "OPTIONS",
    };
    for (const call of [{}, { method: "OPTIONS" }]) {
      for (const uri of ["/orders/1", "/get"]) {
        expectIdentity(await verdict(alice, uri, { ...bearer(), ...asked, "x-auth-user": "root" }, call), false);
      }
      expectProblem(await verdict(alice, "/nowhere", { ...bearer(), ...asked }, call), 403, "forbidden");
      expectProblem(await verdict(alice, "/orders//1", { ...bearer(), ...asked }, call), 403, "forbidden");
    }
  });

  test("an identity that the caller sent is in no verdict", async () => {
    const forged = Object.fromEntries(IDENTITY.map((name) => [name, "root"]));
    expectIdentity(await verdict(nobody(), "/open/", forged), false);
    expectIdentity(await verdict(alice, "/orders/1", { ...bearer(), ...forged }), true);
    expectProblem(await verdict(nobody(), "/orders/1", forged), 401, "unauthenticated");
  });

  test("the assertion is for the service that the route names: signed, and no access token", async () => {
    const assertionFor = async (path: string): Promise<string> =>
      (await verdict(alice, path, bearer())).headers["x-auth-identity"] ?? "";
    const assertion = await assertionFor("/orders/1");
    // A route that names no service stands for all that this gateway guards.
    expect(decodeJwt(assertion)).toMatchObject({ aud: gateway.issuer, preferred_username: ALICE.name });
    expect(decodeJwt(await assertionFor("/signed/1")).aud).toBe("app.example");
    expectProblem(await verdict(nobody(), "/orders/1", { authorization: `Bearer ${assertion}` }), 401, "token_invalid");
  });
});
