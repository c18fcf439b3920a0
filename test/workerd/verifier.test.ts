import { afterAll, beforeAll, expect, test } from "vitest";
import { Browser } from "../support/http-client.ts";
import { type ListeningGateway, listeningGateway } from "../support/listening-gateway.ts";
import { ALICE } from "../support/people.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

let gateway: ListeningGateway;
let service: WorkerProcess;

beforeAll(async () => {
  gateway = await listeningGateway({ tokens: { access: { alg: "EdDSA" } } });
  await gateway.addUser(ALICE);
  service = await startWorker(
    {},
    {
      entry: new URL("../support/verifier-worker-entry.ts", import.meta.url).pathname,
      ...{ env: { ISSUER: gateway.config.issuer }, objects: {}, unready: "answers" },
    },
  );
});
afterAll(async () => {
  await service.stop();
  await gateway.close();
});

test("a service on Workers checks tokens by the gateway's keys, many at once", async () => {
  const browser = gateway.browser();
  await browser.login(ALICE.name, ALICE.password);
  const ask = (token: string | null) =>
    new Browser(service.url).fetch("/", { headers: { authorization: `Bearer ${token}` } });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(browser.accessToken)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(answers[0]?.json()).toMatchObject({ name: ALICE.name, roles: ["user"] });
  const forged = await ask(`${browser.accessToken?.slice(0, -8)}AAAAAAAA`);
  expect([forged.status, forged.json().code]).toEqual([401, "token_invalid"]);
});
