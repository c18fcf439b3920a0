// The store cannot be written when a stolen token is reported. An answer of 200 would be believed: the token would live on with
// nobody left to report it. It is 503, to be asked again, nothing has happened, and the cookie that a logout needs is still there.
// SECURITY: RV5 (RFC 7009 §2.2.1).
import { join } from "node:path";
import { expect, test } from "vitest";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { asService, revoke, SERVICE, serviceToken } from "./oauth-calls.ts";
import { loginInBody, told } from "./shown-token.ts";
import { whileLocked } from "./store-lock.ts";

const upstream = await startDemoUpstream();
const gateway = await startGateway({
  ...{ roles: ROLES, clients: SERVICE.config, storeTimeout: "200ms" },
  upstreams: { orders: { targets: [upstream.url] } },
  routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
});
await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
const admin = { authorization: `Bearer ${gateway.adminToken}` };
const file = join(gateway.dir, "postern.db");

test("no way of revoking says that it is done", async () => {
  const browser = new Browser(gateway.url);
  const native = new Browser(gateway.url);
  await browser.login(ALICE.name, ALICE.password);
  const refresh = await loginInBody(native);
  const own = await serviceToken(native);
  const sid = (await browser.api("/auth/me")).json<{ session: { id: string } }>().session.id;
  const operations = new Browser(gateway.operationsUrl);

  await whileLocked(file, async () => {
    for (const [token, more] of [[refresh], [native.accessToken ?? ""], [own, asService()]] as const) {
      const answer = await revoke(native, token, more);
      expect([answer.status, answer.json().error]).toEqual([503, "temporarily_unavailable"]);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    }
    const others = [
      await browser.logout(),
      await browser.api("/auth/logout/all", { method: "POST" }),
      await browser.api(`/auth/sessions/${sid}`, { method: "DELETE" }),
      await operations.fetch("/admin/revocations", { headers: admin, json: { target: { user: "alice" } } }),
      await operations.fetch("/admin/revocations", { headers: admin, json: { target: { all: true } } }),
    ];
    for (const answer of others) {
      expect(told(answer)).toEqual([503, expect.stringMatching(/^(store_unavailable|outcome_unknown)$/)]);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    }
    // What is verified without the store goes on.
    expect((await browser.api("/api/orders")).status).toBe(200);
  });
  // Nothing of it was done later behind the answer.
  expect(browser.cookies.size).toBeGreaterThan(0);
  for (const who of [browser, native]) expect((await who.api("/api/orders")).status).toBe(200);
  expect((await browser.refresh()).status).toBe(200);
  expect((await native.refresh(refresh)).status).toBe(200);

  expect((await revoke(native, refresh)).status).toBe(200);
  expect((await browser.logout()).status).toBe(204);
  for (const who of [browser, native]) expect(told(await who.api("/api/orders"))).toEqual([401, "token_revoked"]);
});
