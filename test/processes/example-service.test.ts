// examples/service, as a reader starts it: behind a gateway, called past it, and while the gateway is away.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Child, startChild } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { type Answer, Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { serviceClient } from "../support/service-client.ts";
import { waitUntil } from "../support/wait-until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLLOWER = serviceClient(["postern:revocations"]);
let config: Record<string, unknown>;
let gateway: GatewayProcess;
let service: Child;
let direct: Browser;

beforeAll(async () => {
  const [port, own] = [await freePort(), await freePort()];
  config = {
    ...{ listen: `127.0.0.1:${port}`, issuer: `http://127.0.0.1:${port}`, roles: ROLES, clients: FOLLOWER.config },
    upstreams: { orders: { targets: [`http://127.0.0.1:${own}`] } },
    routes: [{ path: "/api/orders/*", upstream: "orders", access: "required" }],
  };
  gateway = await startGateway(config);
  await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
  direct = new Browser(`http://127.0.0.1:${own}`);
  const env = { ...process.env, ISSUER: gateway.issuer, PORT: String(own), NO_COLOR: "1" };
  service = startChild(process.execPath, ["examples/service/service.ts"], {
    ...{ cwd: ROOT, env: { ...env, CLIENT_ID: FOLLOWER.id, CLIENT_SECRET: FOLLOWER.secret } },
  });
  await healthy();
});
afterAll(() => service.stop());

const healthy = (): Promise<void> =>
  waitUntil(
    () => `the service does not follow the gateway; it wrote:\n${service.output()}`,
    async () =>
      (await direct.fetch("/healthz").then(
        ({ status }) => status,
        () => 0,
      )) === 200,
  );

async function login(): Promise<Browser> {
  const browser = new Browser(gateway.issuer);
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  return browser;
}

const past = (browser: Browser): Promise<Answer> =>
  direct.fetch("/api/orders/", { headers: { authorization: `Bearer ${browser.accessToken}` } });

const told = (answer: Answer): unknown => [answer.status, answer.json<{ code?: string }>().code];

const refused = (browser: Browser): Promise<void> =>
  waitUntil(
    () => "the service still takes a revoked token",
    async () => (await past(browser)).status === 401,
  );

test("one caller, through the gateway and past it; nobody without credentials", async () => {
  const browser = await login();
  const through = await browser.api("/api/orders/");
  expect(through.json()).toMatchObject({ caller: { name: ALICE.name, roles: ["user"] } });
  expect((await past(browser)).json()).toEqual(through.json());
  expect(told(await direct.fetch("/api/orders/"))).toEqual([401, "unauthenticated"]);
});

test("revoked at the gateway, refused at the service", async () => {
  const [one, other] = [await login(), await login()];
  expect((await one.logout()).status).toBe(204);
  await refused(one);
  expect(told(await past(one))).toEqual([401, "token_revoked"]);
  expect((await past(other)).status).toBe(200);
});

test("the gateway away: what it has vouched for passes; back again: what was revoked meanwhile does not", async () => {
  const [kept, revoked] = [await login(), await login()];
  await gateway.kill();
  expect((await past(kept)).status).toBe(200);
  const { sid } = JSON.parse(Buffer.from(revoked.accessToken?.split(".")[1] ?? "", "base64url").toString());
  expect((await gateway.cli(["revoke", "--session", sid])).code).toBe(0);
  gateway = await startGateway(config, { like: gateway });
  await refused(revoked);
  expect((await past(kept)).status).toBe(200);
});
