import { beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, BOB } from "../support/people.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

const ISSUER = "http://127.0.0.1:18999";
let node: GatewayProcess;
let worker: WorkerProcess;

beforeAll(async () => {
  const common = { issuer: ISSUER, registration: true };
  node = await startGateway({ ...common, trustedProxies: ["127.0.0.0/8"] });
  await node.addUser(ALICE.name, ALICE.password);
  worker = await startWorker({ ...common, login: { origin: node.url } });
});

describe("a Worker that hands passwords to a gateway on Node", () => {
  test("its answer is the other one's, cookie and all, and the address is the client's", async () => {
    const browser = new Browser(worker.url);
    const answer = await browser.login(ALICE.name, ALICE.password);
    expect([answer.status, answer.setCookies.length]).toEqual([200, 1]);
    const there = new Browser(node.url);
    const headers = { authorization: `Bearer ${browser.accessToken}` };
    const { session } = (await there.fetch("/auth/me", { headers })).json<{ session: { address: string } }>();
    expect(session.address).toBe("127.0.0.1");
  });

  test("a wrong password, a forged request and a registration are its business too", async () => {
    const browser = new Browser(worker.url);
    expect((await browser.login(ALICE.name, "wrong-password-for-her")).json().code).toBe("invalid_credentials");
    const forged = await browser.fetch("/auth/login", {
      json: { username: ALICE.name, password: ALICE.password },
      headers: { "sec-fetch-site": "cross-site" },
    });
    expect(forged.json().code).toBe("csrf");
    expect(
      (await browser.fetch("/auth/register", { json: { username: BOB.name, password: BOB.password } })).status,
    ).toBe(201);
    expect((await new Browser(node.url).login(BOB.name, BOB.password)).status).toBe(200);
  });

  test("everything else is answered here", async () => {
    const before = (await new Browser(worker.url).fetch("/auth/refresh", { method: "POST" })).json();
    expect(before.code).toBe("unauthenticated");
    await node.stop();
    const answer = await new Browser(worker.url).login(ALICE.name, ALICE.password);
    expect([answer.status, answer.json().code]).toEqual([502, "upstream_failed"]);
    expect((await new Browser(worker.url).fetch("/.well-known/jwks.json")).status).toBe(200);
  });
});

test("handed over to itself it is refused", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await expect(startWorker({ issuer: url, login: { origin: url } })).rejects.toThrow("login.origin");
});
