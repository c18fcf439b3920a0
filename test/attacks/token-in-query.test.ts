// A token stands in the address: from there it gets into histories, referrers and every log on the way. So the gateway does not
// take it, also not beside a good header, and neither hands it to the service nor writes it into its own log.
// SECURITY: AT15, AT14 (RFC 9700 §4.3.2, RFC 6750 §2.3).
import { expect, test } from "vitest";
import { runGateway } from "../gateways/running-gateway.ts";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";

const upstream = await startDemoUpstream();
const gateway = await runGateway({
  ...{ roles: ROLES, upstreams: { orders: { targets: [upstream.url] } }, log: { level: "debug", access: true } },
  routes: [
    { path: "/api/*", upstream: "orders", access: "required" },
    { path: "/optional/*", upstream: "orders", access: "optional" },
    { path: "/public/*", upstream: "orders", access: "public" },
    { path: "/page/*", upstream: "orders", access: "required", credentials: "session" },
  ],
});
await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
const browser = new Browser(gateway.url);
await browser.login(ALICE.name, ALICE.password);
const token = browser.accessToken ?? "";

const queries = [
  "access_token=",
  "a=1&access_token=",
  "access_token=&access_token=",
  "access%5Ftoken=",
  "%61ccess_token=",
];

test.each(queries)("alone it is no credential: ?%s", async (query) => {
  const stranger = new Browser(gateway.url);
  for (const path of ["/api/orders", "/optional/orders", "/page/orders", "/auth/me", "/auth/sessions"]) {
    expect((await stranger.fetch(`${path}?${query}${token}`)).status, path).toBe(401);
  }
});

test.each(queries)("beside a header it is one credential too many: ?%s", async (query) => {
  for (const path of ["/api/orders", "/optional/orders", "/auth/me"]) {
    expect((await browser.api(`${path}?${query}${token}`)).status, path).toBe(401);
  }
});

test("no service has seen it, and it stands in no line of the log", async () => {
  expect(upstream.requests).toEqual([]);
  expect((await browser.api("/api/orders?token=for-the-service&x=access_token")).status).toBe(200);
  expect(upstream.requests.map(({ url }) => url)).toEqual(["/api/orders?token=for-the-service&x=access_token"]);
  await gateway.stop();
  expect(gateway.logs()).toContain('"route":"/api/*"');
  const signature = token.slice(token.lastIndexOf(".") + 1);
  expect(gateway.logs()).not.toContain(signature);
  expect(gateway.logs()).not.toContain("for-the-service");
});
