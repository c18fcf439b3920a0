// The attacker reads the log: of the gateway, of its commands, of the audit trail. A day's work is done at the most talkative
// level, things that fail included, and then everything that was ever given out or typed is looked for in every line.
// SECURITY: ER6 (ASVS 16.2.5).
import { expect, test } from "vitest";
import { runGateway } from "../gateways/running-gateway.ts";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE, BOB, ROLES } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { asService, introspect, revoke, SERVICE, serviceToken } from "./oauth-calls.ts";
import { grantRefresh, partsOf } from "./shown-token.ts";

const NEW_PASSWORD = "granite-harbour-51-whistle";
const TYPED_BY_MISTAKE = "my-other-password-of-the-bank";

const upstream = await startDemoUpstream();
const gateway = await runGateway({
  ...{ roles: ROLES, clients: SERVICE.config, registration: { roles: ["user"] }, admin: { public: true } },
  ...{ log: { level: "debug", access: true } },
  upstreams: { orders: { targets: [upstream.url] } },
  routes: [
    { path: "/api/*", upstream: "orders", access: "required" },
    { path: "/pages/*", upstream: "orders", access: "required", credentials: "session" },
    { path: "/open/*", upstream: "orders", access: "public" },
  ],
});
await gateway.addUser(ALICE.name, ALICE.password, ["admin", "user"]);

const issued = new Map<string, string>();
const note = (name: string, secret: string | undefined): void => {
  if (secret === undefined || secret.length < 8) throw new Error(`nothing to look for: ${name}`);
  issued.set(name, secret);
};
const noteSession = (name: string, browser: Browser): void => {
  note(`${name}: access token`, browser.accessToken ?? undefined);
  for (const [cookie, value] of browser.cookies) note(`${name}: ${cookie}`, value);
};

test("a day's work", async () => {
  const browser = new Browser(gateway.url);
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  noteSession("login", browser);
  const thief = browser.copy();
  note("a wrong password", TYPED_BY_MISTAKE);
  expect((await new Browser(gateway.url).login(ALICE.name, TYPED_BY_MISTAKE)).status).toBe(401);
  expect((await new Browser(gateway.url).login(TYPED_BY_MISTAKE, ALICE.password)).status).toBe(401);
  const register = { json: { username: BOB.name, password: BOB.password } };
  expect((await new Browser(gateway.url).fetch("/auth/register", register)).status).toBe(201);

  for (const path of ["/api/x", "/open/x", "/pages/x", "/auth/me"])
    await browser.api(`${path}?access_token=${browser.accessToken}`);
  await browser.fetch("/pages/x", { headers: { "sec-fetch-mode": "navigate" } });
  await browser.refresh();
  noteSession("refresh", browser);
  expect(
    (await browser.api("/auth/password", { json: { current_password: ALICE.password, new_password: NEW_PASSWORD } }))
      .status,
  ).toBe(204);
  noteSession("password", browser);

  const native = new Browser(gateway.url);
  const login = await native.login(ALICE.name, NEW_PASSWORD, { refresh: "body" });
  note("refresh token in a body", login.json<LoginAnswer>().refresh_token);
  noteSession("native", native);
  const renewed = await grantRefresh(native, login.json<LoginAnswer>().refresh_token ?? "");
  note("renewed in a body", renewed.json<{ refresh_token: string }>().refresh_token);
  note("renewed: access token", renewed.json<{ access_token: string }>().access_token);

  const own = await serviceToken(native);
  note("service: access token", own);
  note("service: secret", SERVICE.secret);
  await introspect(native, own);
  await revoke(native, own, asService());
  await native.fetch("/oauth/token", {
    form: { ...asService(), client_secret: `${SERVICE.secret}x`, grant_type: "x" },
  });

  // Things that fail, with secrets in every place where one can stand.
  const secret = browser.accessToken ?? "";
  for (const headers of [
    { authorization: `Basic ${secret}` },
    { authorization: `Bearer ${secret}x` },
    { cookie: `x=${secret}` },
  ]) {
    await native.fetch(`/nowhere/${secret}?q=${secret}`, { headers });
    await native.fetch(`/api/${secret}`, { headers });
  }
  await rawRequest(gateway.url, `GET /${secret} HTTP/1.1\r\nHost: ${secret} x\r\n${secret}\r\n\r\n`);
  await native.fetch("/auth/login", {
    body: `{"password":"${NEW_PASSWORD}`,
    headers: { "content-type": "application/json" },
  });
  await thief.refresh();
  await upstream.close();
  expect((await browser.api("/api/x")).status).toBe(502);

  const admin = { authorization: `Bearer ${gateway.adminToken}` };
  const operations = new Browser(gateway.operationsUrl);
  const made = await operations.fetch("/admin/clients", { headers: admin, json: { name: "reports", scopes: [] } });
  note("made client: secret", made.json<{ secret: string }>().secret);
  await operations.fetch("/admin/users", { headers: { authorization: `Bearer ${gateway.adminToken}x` } });
  await operations.fetch("/admin/revocations", { headers: admin, json: { target: { token: secret }, reason: "lost" } });
  await operations.fetch("/admin/nothing", { headers: admin, json: { token: secret } });
  expect((await native.api("/auth/logout", { method: "POST" })).status).toBe(204);
});

test("no line of the log, of a command or of the audit trail holds any of it", async () => {
  note("admin token", gateway.adminToken);
  note("POSTERN_SECRET", gateway.secret);
  for (const person of [ALICE, BOB]) note(`password of ${person.name}`, person.password);
  note("new password", NEW_PASSWORD);
  const audit = await gateway.cli(["audit", "--json"]);
  const lists = await Promise.all(
    ["users list", "clients list", "keys list", "nodes"].map((line) => gateway.cli(line.split(" "))),
  );
  const store = await gateway.openStore();
  const [key] = (await store.keys({})).keys;
  note("wrapped key", key?.wrappedPrivate);
  await store.close();
  await gateway.stop();
  const log = gateway.logs();
  expect(log).toContain('"msg":"refresh"');
  expect(log).toContain('"msg":"request"');
  expect(log.split("\n").length).toBeGreaterThan(30);

  const texts = {
    log,
    audit: audit.stdout + audit.stderr,
    commands: lists.map(({ stdout, stderr }) => stdout + stderr).join(),
  };
  for (const [where, text] of Object.entries(texts)) {
    expect(text.length, where).toBeGreaterThan(100);
    for (const [name, given] of issued) {
      expect(text.includes(given), `${name} in the ${where}`).toBe(false);
      // A token is as good as its last part to whoever has seen the rest.
      const parts = given.startsWith("prt1.") ? [partsOf(given).r] : given.split(".").slice(2);
      for (const part of parts) expect(text.includes(part), `a part of ${name} in the ${where}`).toBe(false);
    }
  }
  expect(issued.size).toBeGreaterThan(15);
});
