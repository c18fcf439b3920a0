// The middleware of postern/verifier in the real frameworks, behind a gateway and called past it.
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as forExpress from "../../src/verifier/express.ts";
import * as forFastify from "../../src/verifier/fastify.ts";
import * as forHono from "../../src/verifier/hono.ts";
import {
  createVerifier,
  type FollowedRevocations,
  followRevocations,
  type Revocations,
  type Verifier,
} from "../../src/verifier/index.ts";
import { expectProblem } from "../attacks/problem-document.ts";
import { basic } from "../support/feed-reader.ts";
import { freePort } from "../support/free-port.ts";
import { type Answer, Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { type ListeningNodeGateway, listeningNodeGateway } from "../support/listening-gateway.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { serviceClient } from "../support/service-client.ts";

const SERVICE = serviceClient(["orders:read", "postern:revocations"]);
const READ = { scopes: ["orders:read"] };
const WRITE = { scopes: ["orders:write"] };
const ADMIN = { roles: ["admin", "auditor"] };

/** A service with `/open` for any caller, `/read`, `/write` and `/admin`; resolves with its address. */
type Start = (verifier: Verifier, port: number) => Promise<void>;

const startHono: Start = async (verifier, port) => {
  const app = new Hono<{ Variables: { own: string } }>();
  app.use("/open", forHono.authenticate(verifier));
  app.get("/open", (c) => c.json(forHono.callerOf(c)));
  for (const [path, needed] of [
    ["/read", READ],
    ["/write", WRITE],
    ["/admin", ADMIN],
  ] as const) {
    app.get(path, forHono.authenticate(verifier, needed), (c) => c.json(forHono.callerOf(c)));
  }
  await listen(createServer(getRequestListener(app.fetch)), port);
};

const startExpress: Start = async (verifier, port) => {
  const app = express();
  app.use("/open", forExpress.authenticate(verifier));
  app.get("/open", (req, res) => void res.json(forExpress.callerOf(req)));
  for (const [path, needed] of [
    ["/read", READ],
    ["/write", WRITE],
    ["/admin", ADMIN],
  ] as const) {
    app.get(path, forExpress.authenticate(verifier, needed), (req, res) => void res.json(forExpress.callerOf(req)));
  }
  await listen(createServer(app), port);
};

const startFastify: Start = async (verifier, port) => {
  const app = fastify();
  app.register(async (open) => {
    open.addHook("onRequest", forFastify.authenticate(verifier));
    open.get("/open", async (request) => forFastify.callerOf(request));
  });
  for (const [path, needed] of [
    ["/read", READ],
    ["/write", WRITE],
    ["/admin", ADMIN],
  ] as const) {
    const onRequest = forFastify.authenticate(verifier, needed);
    app.get(path, { onRequest }, async (request) => forFastify.callerOf(request));
  }
  await app.ready();
  await listen(
    createServer((request, response) => app.routing(request, response)),
    port,
  );
};

const FRAMEWORKS = { hono: startHono, express: startExpress, fastify: startFastify };
type Framework = keyof typeof FRAMEWORKS;

const names = Object.keys(FRAMEWORKS) as Framework[];
const addresses = new Map<Framework, string>();
let gateway: ListeningNodeGateway;
let followed: FollowedRevocations;
let stale = false;
/** The gateway's revocations, or as they are when it has been away for too long. */
const revocations: Revocations = {
  get stale() {
    return stale || followed.stale;
  },
  refuses: (token) => followed.refuses(token),
};

beforeAll(async () => {
  for (const name of names) addresses.set(name, `http://127.0.0.1:${await freePort()}`);
  gateway = await listeningNodeGateway({
    roles: ROLES,
    clients: SERVICE.config,
    upstreams: Object.fromEntries(names.map((name) => [name, { targets: [addresses.get(name)] }])),
    routes: names.map((name) => ({ host: `${name}.test`, path: "/*", upstream: name, access: "required" })),
  });
  await gateway.addUser(ALICE);
  const { issuer } = gateway.config;
  followed = followRevocations({ issuer, clientId: SERVICE.id, clientSecret: SERVICE.secret });
  await followed.ready;
  for (const [name, start] of Object.entries(FRAMEWORKS)) {
    const verifier = createVerifier({ issuer, audience: name, accessTokens: { revocations } });
    await start(verifier, Number(new URL(addresses.get(name as Framework) ?? "").port));
  }
});
afterAll(async () => {
  followed.stop();
  await gateway.close();
});

async function login(): Promise<Browser> {
  const browser = gateway.browser();
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  return browser;
}

describe.each(names)("%s", (name) => {
  const past = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    new Browser(addresses.get(name) ?? "").fetch(path, { headers });
  const bearer = ({ accessToken }: Browser) => ({ authorization: `Bearer ${accessToken}` });
  const refused = async (answer: Answer, code: string, challenge?: string): Promise<void> => {
    expect(expectProblem(answer)).toBe(code);
    expect(answer.headers["www-authenticate"]).toBe(challenge);
  };

  test("behind the gateway the caller is whom its assertion names", async () => {
    const browser = await login();
    const answer = await browser.api("/open", { headers: { host: `${name}.test` } });
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        ...{ sub: expect.stringMatching(/^u_/), name: ALICE.name, sid: expect.stringMatching(/^s_/) },
        ...{ clientId: "postern", roles: ["user"], scopes: ["orders:read"], authTime: null, exp: expect.any(Number) },
      },
    ]);
  });

  test("called directly, by a person's token and by a service's", async () => {
    const browser = await login();
    expect((await past("/open", bearer(browser))).json()).toMatchObject({ name: ALICE.name, roles: ["user"] });
    const form = { grant_type: "client_credentials", scope: "orders:read" };
    const issued = await gateway.browser().fetch("/oauth/token", { form, headers: { authorization: basic(SERVICE) } });
    const authorization = `Bearer ${issued.json<{ access_token: string }>().access_token}`;
    expect((await past("/read", { authorization })).json()).toMatchObject({
      ...{ sub: SERVICE.id, clientId: SERVICE.id, name: null, sid: null, roles: [], scopes: ["orders:read"] },
    });
  });

  test("what a route needs beyond a caller", async () => {
    const token = bearer(await login());
    expect((await past("/read", token)).status).toBe(200);
    await refused(
      await past("/write", token),
      "insufficient_scope",
      'Bearer error="insufficient_scope", scope="orders:write"',
    );
    await refused(await past("/admin", token), "forbidden");
  });

  test("nobody, anybody's word, another service's assertion, and two of them", async () => {
    const invalid = 'Bearer error="invalid_token"';
    await refused(await past("/open"), "unauthenticated", "Bearer");
    await refused(await past("/open", { authorization: "Basic x" }), "unauthenticated", "Bearer");
    await refused(await past("/open", { authorization: "Bearer x" }), "token_invalid", invalid);
    await refused(await past("/open", { authorization: "Bearer" }), "token_invalid", invalid);
    const browser = await login();
    const authenticated = await gateway.gateway.decide({
      ...{ method: "GET", target: "/open", peer: "127.0.0.1" },
      headers: ["Host", `${name}.test`, "Authorization", `Bearer ${browser.accessToken}`],
    });
    const principal = authenticated.kind === "pass" ? authenticated.principal : null;
    if (principal === null) throw new Error(authenticated.kind);
    const assertionFor = async (service: string): Promise<string> => {
      const lines = await gateway.gateway.identityHeaders(principal, service);
      return lines[lines.indexOf("X-Auth-Identity") + 1] ?? "";
    };
    const own = await assertionFor(name);
    expect((await past("/open", { "x-auth-identity": own })).status).toBe(200);
    // A good token does not make up for it.
    const other = { "x-auth-identity": await assertionFor("elsewhere"), ...bearer(browser) };
    await refused(await past("/open", other), "token_invalid", invalid);
    const twice = `GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${`X-Auth-Identity: ${own}\r\n`.repeat(2)}\r\n`;
    expect((await rawRequest(addresses.get(name) ?? "", twice)).status).toBe(401);
  });

  test("revoked at the gateway, refused here; and 503, not 401, while nothing is known", async () => {
    const browser = await login();
    const { sub } = (await past("/open", bearer(browser))).json<{ sub: string }>();
    expect(sub).toMatch(/^u_/);
    stale = true;
    const unknown = await past("/open", bearer(browser));
    stale = false;
    await refused(unknown, "stale_view");
    expect(unknown.headers["retry-after"]).toBe("1");
    const before = followed.size;
    expect((await browser.logout()).status).toBe(204);
    await expect.poll(() => followed.size).toBe(before + 1);
    await refused(await past("/open", bearer(browser)), "token_revoked", 'Bearer error="invalid_token"');
  });
});

test("a caller is known only where the middleware has been", () => {
  expect(() => forHono.callerOf({})).toThrow("authenticate");
});

test("503 while the gateway's keys cannot be had", async () => {
  const verifier = createVerifier({
    ...{ issuer: gateway.config.issuer, audience: "orders", accessTokens: { revocations: "unchecked" } },
    jwksUri: `http://127.0.0.1:${await freePort()}/`,
  });
  const app = new Hono().use(forHono.authenticate(verifier)).get("/", (c) => c.text("in"));
  const authorization = `Bearer ${(await login()).accessToken}`;
  const answer = await app.request("/", { headers: { authorization } });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await answer.json()).toMatchObject({ code: "store_unavailable" });
});

test("access tokens are not taken where nobody has said so", async () => {
  const verifier = createVerifier({ issuer: gateway.config.issuer, audience: "orders" });
  const { accessToken } = await login();
  await expect(verifier.verifyAccessToken(String(accessToken))).rejects.toThrow(TypeError);
  const app = new Hono().use(forHono.authenticate(verifier)).get("/", (c) => c.text("in"));
  const answer = await app.request("/", { headers: { authorization: `Bearer ${accessToken}` } });
  expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
});
