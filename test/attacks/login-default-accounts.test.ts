// The first thing that an attacker tries on a fresh installation are the accounts that come with it. None do: not with a login,
// not as a client, not on the operations listener.
// SECURITY: PW14 (ASVS 6.3.2).
import { expect, test } from "vitest";
import { startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";

const gateway = await startGateway({ roles: { admin: {} } }, { env: { POSTERN_ADMIN_TOKEN: undefined } });

test("a fresh store has no user and no client", async () => {
  for (const what of ["users", "clients"]) {
    const { code, stdout } = await gateway.cli([what, "list", "--json"]);
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.anything()]);
    expect(stdout).not.toMatch(/"id"/);
  }
});

test.each(["admin", "root", "postern", "user", "test", "demo", "guest"])("nobody is %s", async (username) => {
  const browser = new Browser(gateway.url);
  for (const password of [username, "password", "postern"]) {
    expect((await browser.login(username, password)).status).toBe(401);
  }
});

test("the built-in client and made-up ones get no token of their own", async () => {
  const browser = new Browser(gateway.url);
  for (const [client_id, client_secret] of [
    ["postern", ""],
    ["postern", "postern"],
    ["c_admin", "admin"],
    ["admin", "admin"],
  ] as const) {
    const form = { grant_type: "client_credentials", client_id, ...(client_secret === "" ? {} : { client_secret }) };
    const answer = await browser.fetch("/oauth/token", { form });
    expect([400, 401]).toContain(answer.status);
    expect(answer.text).not.toContain("access_token");
  }
});

test.each(["", "Bearer ", "Bearer admin", "Bearer undefined", "Bearer null", "Basic YWRtaW46YWRtaW4="])(
  "without an admin token nobody administers, with %j neither",
  async (authorization) => {
    const operations = new Browser(gateway.operationsUrl, { headers: { authorization } });
    expect((await operations.fetch("/admin/users")).status).toBe(401);
  },
);
