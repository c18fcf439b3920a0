import * as jose from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DemoUpstream, startDemoUpstream } from "../support/demo-upstream.ts";
import { freePort } from "../support/free-port.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { requireProgram } from "../support/requirements.ts";
import { tempDir } from "../support/temp-dir.ts";
import { example, startCaddy, startHaproxy, startNginx } from "./front-proxies.ts";

const ACCESS_COOKIE = "__Host-Http-postern-access";
const IDENTITY = ["x-auth-user", "x-auth-name", "x-auth-session", "x-auth-roles", "x-auth-scope", "x-auth-identity"];

// Debian's own proxies, with the configurations of examples/, in front of an application and asking a real gateway.
describe.each([
  { name: "nginx" as const, start: startNginx },
  { name: "caddy" as const, start: startCaddy },
  { name: "haproxy" as const, start: startHaproxy },
])("forward auth behind $name", ({ name, start }) => {
  const program = requireProgram(name);

  describe.skipIf(program === null)("with the example's configuration", () => {
    let front: string;
    let gateway: GatewayProcess;
    let app: DemoUpstream;
    let browser: Browser;
    let person: LoginAnswer;

    beforeAll(async () => {
      const port = await freePort();
      front = `http://127.0.0.1:${port}`;
      app = await startDemoUpstream();
      const { listen: _, ...config } = JSON.parse(await example("nginx/postern.config.json"));
      gateway = await startGateway({ ...config, issuer: front });
      await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
      const places = { front: port, gateway: Number(new URL(gateway.url).port), app: Number(new URL(app.url).port) };
      await start(program ?? "", await tempDir(), places);
    });

    beforeEach(async () => {
      browser = new Browser(front);
      const answer = await browser.login(ALICE.name, ALICE.password);
      expect(answer.status).toBe(200);
      person = answer.json<LoginAnswer>();
      app.requests.length = 0;
    });

    const lastSeen = () => app.requests.at(-1);

    test("without a token: 401 with a challenge, and the application is not asked", async () => {
      const answer = await new Browser(front).fetch("/orders/1");
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer\b/);
      expect(app.requests).toEqual([]);
    });

    test("with a token: the application gets the request and who sent it", async () => {
      const answer = await browser.api("/orders/1?x=%20y", { method: "PUT", body: "three apples" });
      expect(answer.status).toBe(200);
      expect(lastSeen()).toMatchObject({ method: "PUT", url: "/orders/1?x=%20y", body: "three apples" });
      expect(lastSeen()?.headers).toMatchObject({
        "x-auth-user": person.user.id,
        "x-auth-name": ALICE.name,
        "x-auth-session": person.session_id,
        "x-auth-roles": "user",
        "x-auth-scope": "orders:read",
      });
      const jwks = jose.createRemoteJWKSet(new URL(`${front}/.well-known/jwks.json`));
      const assertion = String(lastSeen()?.headers["x-auth-identity"]);
      const { payload } = await jose.jwtVerify(assertion, jwks, { issuer: front, typ: "identity+jwt" });
      expect(payload).toMatchObject({ sub: person.user.id, sid: person.session_id });
    });

    test("neither the token nor Postern's cookies reach the application, its own cookies do", async () => {
      browser.cookies.set("__Host-Http-postern-access", "in-the-middle");
      browser.cookies.set("theme", "dark");
      const refresh = browser.cookies.get("__Host-Http-postern") ?? "";
      expect(refresh).not.toBe("");
      await browser.api("/orders/1");
      expect(lastSeen()?.headers.authorization).toBeUndefined();
      expect(lastSeen()?.headers.cookie?.trim()).toBe("theme=dark");
      expect(lastSeen()?.rawHeaders.join("\n")).not.toContain(refresh);
    });

    test("a role that is missing: 403, and the application is not asked", async () => {
      expect((await browser.api("/admin/users")).status).toBe(403);
      expect(app.requests).toEqual([]);
    });

    test("an identity that the caller wrote never arrives, in any spelling", async () => {
      const forged = {
        "x-auth-user": "u_root",
        "X-AUTH-ROLES": "admin",
        "x-auth-identity": "forged",
        X_Auth_User: "u_root",
        "X-Auth_Roles": "admin",
      };
      const answer = await new Browser(front).fetch("/open", { headers: forged });
      expect(answer.status).toBe(200);
      for (const header of IDENTITY) expect(lastSeen()?.headers[header] ?? "").toBe("");
      expect(lastSeen()?.rawHeaders.join("\n")).not.toMatch(/u_root|admin|forged/);

      expect((await browser.api("/orders/1", { headers: forged })).status).toBe(200);
      expect(lastSeen()?.headers).toMatchObject({ "x-auth-user": person.user.id, "x-auth-roles": "user" });
      expect(lastSeen()?.rawHeaders.join("\n")).not.toMatch(/u_root|admin|forged/);
    });

    test("the caller can't name another request than its own", async () => {
      const stranger = new Browser(front);
      for (const headers of [
        { "x-forwarded-uri": "/open", "x-forwarded-method": "GET" },
        { "x-original-uri": "/open", "x-original-method": "GET" },
        { "x-forwarded-host": "elsewhere.example", forwarded: "for=127.0.0.1;host=elsewhere.example" },
      ]) {
        const answer = await stranger.fetch("/orders/1", { headers });
        expect([401, 403]).toContain(answer.status);
      }
      expect(app.requests).toEqual([]);
    });

    test("a path that can be read in two ways is refused", async () => {
      for (const target of ["/open/..%2forders/1", "/open/../orders/1", "/open//../orders/1", "/%6frders%2f1"]) {
        const answer = await rawRequest(
          front,
          `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
        );
        expect([400, 401, 403]).toContain(answer.status);
      }
      expect(app.requests).toEqual([]);
    });

    test("verdicts are not for callers to ask", async () => {
      expect((await browser.api("/auth/verify")).status).toBe(404);
    });

    test("a good token makes an optional route known, a bad one is refused", async () => {
      expect((await new Browser(front).fetch("/feed")).status).toBe(200);
      expect(lastSeen()?.headers["x-auth-user"] ?? "").toBe("");
      expect((await browser.api("/feed")).status).toBe(200);
      expect(lastSeen()?.headers["x-auth-user"]).toBe(person.user.id);
      browser.accessToken = `${browser.accessToken}x`;
      expect((await browser.api("/feed")).status).toBe(401);
    });

    test("cookies authenticate where a route says so, and those that are renewed on the way arrive", async () => {
      browser.accessToken = null;
      const page = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none" };
      browser.cookies.delete(ACCESS_COOKIE);
      const answer = await browser.fetch("/account/orders", { headers: page });
      expect(answer.status).toBe(200);
      expect(lastSeen()?.headers["x-auth-user"]).toBe(person.user.id);
      expect(lastSeen()?.headers.cookie?.trim() ?? "").toBe("");
      expect(answer.setCookies.map((cookie) => cookie.split("=")[0])).toEqual([ACCESS_COOKIE]);
      expect((await new Browser(front).fetch("/account/orders", { headers: page })).status).toBe(401);
      const forged = { ...page, "sec-fetch-site": "cross-site", origin: "https://evil.example" };
      expect((await browser.fetch("/account/orders", { method: "POST", headers: forged })).status).toBe(403);
    });

    test("redirects pass, Postern's after a login and the application's own", async () => {
      const form = { username: ALICE.name, password: ALICE.password, return_to: "/orders" };
      const answer = await new Browser(front).fetch("/auth/login", { form });
      expect([answer.status, answer.headers.location]).toEqual([303, "/orders"]);
      expect(answer.setCookies).not.toEqual([]);
      app.answerNext({ status: 302, headers: { location: "/elsewhere", "set-cookie": ["a=1", "b=2"] } });
      const moved = await browser.api("/orders/1");
      expect([moved.status, moved.headers.location, moved.setCookies]).toEqual([302, "/elsewhere", ["a=1", "b=2"]]);
    });

    test("a token is refused as soon as its session has been logged out", async () => {
      expect((await browser.api("/orders/1")).status).toBe(200);
      const token = browser.accessToken;
      expect((await browser.logout()).status).toBe(204);
      browser.accessToken = token;
      app.requests.length = 0;
      const refused = await browser.api("/orders/1");
      expect(refused.status).toBe(401);
      expect(refused.headers["www-authenticate"]).toContain('error="invalid_token"');
      expect(app.requests).toEqual([]);
    });

    test("without its judge the proxy refuses, and not as if the login had ended", async () => {
      await gateway.stop();
      for (const path of ["/orders/1", "/open"]) {
        const answer = await browser.api(path);
        expect([502, 503]).toContain(answer.status);
      }
      expect(app.requests).toEqual([]);
    });
  });
});
