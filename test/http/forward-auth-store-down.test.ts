import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { addUser, asOperator } from "../attacks/attacked-process.ts";
import { startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";

const gateway = await startGateway({
  roles: ROLES,
  routes: [
    { path: "/orders/*", access: { scopes: ["orders:read"] } },
    { path: "/account/*", access: "required", credentials: "session" },
  ],
  trustedProxies: ["127.0.0.1/32"],
  login: { page: "/login" },
});
await addUser(gateway, ALICE);
const alice = new Browser(gateway.url);
await alice.login(ALICE.name, ALICE.password);

const verdict = (browser: Browser, uri: string, headers: Readonly<Record<string, string>> = {}) =>
  browser.fetch("/auth/verify", {
    headers: { "x-forwarded-method": "GET", "x-forwarded-uri": uri, "x-forwarded-host": "app.example", ...headers },
  });

test("while the store cannot be asked a session is 503, and a token that is known goes on", async () => {
  expect((await asOperator(gateway).fetch("/readyz")).status).toBe(200);
  const lock = new DatabaseSync(join(gateway.dir, "postern.db"));
  lock.exec("BEGIN EXCLUSIVE");
  try {
    const twin = alice.copy();
    twin.cookies.delete("__Host-Http-postern-access");
    const answer = await verdict(twin, "/account/");
    expect([answer.status, answer.json().code]).toEqual([503, "store_unavailable"]);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    expect(answer.headers["x-auth-user"]).toBeUndefined();
    expect(answer.setCookies).toEqual([]);
    const known = await verdict(alice, "/orders/1", { authorization: `Bearer ${alice.accessToken}` });
    expect([known.status, known.headers["x-auth-name"]]).toEqual([200, ALICE.name]);
  } finally {
    lock.exec("ROLLBACK");
    lock.close();
  }
});
