// Somebody tidies up the folder, or puts a backup in place, while a gateway runs. SQLite would go on with the file that has lost its
// name: logins would work that nobody finds again, and revocations by command would reach no gateway.
// SECURITY: RT5; docs/revocation.md, fresh.
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";

let folder: string;
let gateway: GatewayProcess;
const alice = () => new Browser(gateway.url);

beforeAll(async () => {
  folder = await tempDir();
  const upstream = await startDemoUpstream();
  gateway = await startGateway({
    store: `sqlite:${join(folder, "postern.db")}`,
    roles: ROLES,
    upstreams: { orders: { targets: [upstream.url] } },
    routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
    revocation: { maxStaleness: "1s" },
  });
  await gateway.addUser(ALICE.name, ALICE.password);
});

async function becomes(status: number, browser: Browser): Promise<void> {
  await waitUntil(
    () => `a protected route is not answered ${status}`,
    async () => (await browser.api("/api/orders")).status === status,
  );
}

test("a gateway whose database is gone acknowledges nothing and says so, until it is back", async () => {
  const browser = alice();
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  await rename(join(folder, "postern.db"), join(folder, "away.db"));

  const refused = await alice().login(ALICE.name, ALICE.password);
  expect([refused.status, refused.json().code]).toEqual([503, "store_unavailable"]);
  const renewal = await browser.refresh();
  expect([renewal.status, renewal.setCookies]).toEqual([503, []]);
  expect((await new Browser(gateway.operationsUrl).fetch("/readyz")).status).toBe(503);
  // Nobody could tell it of a revocation now.
  await becomes(503, browser);

  await rename(join(folder, "away.db"), join(folder, "postern.db"));
  await becomes(200, browser);
  expect((await browser.refresh()).status).toBe(200);
});
