import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { beforeAll, expect, test } from "vitest";
import { type DemoUpstream, startDemoUpstream } from "../support/demo-upstream.ts";
import { Browser } from "../support/http-client.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

let upstream: DemoUpstream;
let worker: WorkerProcess;

beforeAll(async () => {
  upstream = await startDemoUpstream();
  const to = (path: string, more: Readonly<Record<string, unknown>>) => ({
    ...{ path, upstream: "up", access: "public", ...more },
  });
  worker = await startWorker({
    upstreams: { up: { targets: [upstream.url] } },
    routes: [
      to("/limited", { limits: [{ by: "address", rate: "2/1d" }] }),
      to("/api/*", { stripPrefix: "/api", addPrefix: "/v2" }),
      to("/headers", {
        requestHeaders: { set: { "X-Tenant": "blue" } },
        responseHeaders: { set: { "X-Frame-Options": "DENY" }, remove: ["Content-Type"] },
      }),
      to("/small", { maxBody: 10 }),
    ],
  });
});

const ask = (path: string, call = {}) => new Browser(worker.url).fetch(path, call);

test("limits are counted in the isolate", async () => {
  const statuses: number[] = [];
  for (let time = 0; time < 4; time++) statuses.push((await ask("/limited")).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
  expect((await ask("/limited")).headers["ratelimit-policy"]).toBe('"address";q=2;w=86400');
});

test("paths and headers are changed on the way", async () => {
  expect((await ask("/api/orders?x=1")).status).toBe(200);
  expect(upstream.requests.at(-1)).toMatchObject({ url: "/v2/orders?x=1", headers: { "x-forwarded-prefix": "/api" } });
  const answer = await ask("/headers", { headers: { "x-tenant": "red" } });
  expect(upstream.requests.at(-1)?.headers["x-tenant"]).toBe("blue");
  expect(answer.headers["x-frame-options"]).toBe("DENY");
  expect(answer.headers["content-type"]).toBeUndefined();
});

test("a body that is longer than its route takes is refused, in both framings", async () => {
  const seen = upstream.requests.length;
  expect((await ask("/small", { body: "x".repeat(11) })).status).toBe(413);
  const { port } = new URL(worker.url);
  const client = httpRequest({ port, method: "POST", path: "/small" });
  client.on("error", () => {});
  client.write("123456");
  client.end("7890x");
  const [response] = await once(client, "response");
  expect(response.statusCode).toBe(413);
  response.resume();
  expect(upstream.requests.length).toBe(seen);
  expect((await ask("/small", { body: "x".repeat(10) })).status).toBe(200);
});

test("a status that the platform can't pass on is the service's failure", async () => {
  upstream.answerNext({ status: 999, headers: {} });
  const answer = await ask("/headers");
  expect([answer.status, answer.json()]).toMatchObject([502, { code: "upstream_failed" }]);
});
