// Something in the gateway throws while a request is on its way: its client gets 500, or a connection that ends, and nobody else
// notices. SECURITY: F36, ASVS 16.5.4.

import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Front } from "../../src/app/gateway.ts";
import { startTestGateway } from "../http/proxy-gateway.ts";
import { startGateway as startProcess } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { readPrometheusText } from "../support/prometheus-text.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";
import { route } from "../unit/routing/routes.ts";

const AS_ALICE = { headers: { authorization: "Bearer good-alice" } };
const SAID = "what only the log may say";

let server: Server;
let upstream: string;
/** Responses that the upstream has begun and that are still open. */
let open = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url !== "/api/events") return void response.end("hello");
    open++;
    response.once("close", () => open--);
    response.writeHead(200, { "content-type": "text/event-stream" });
    return void response.write("data: hello\n\n");
  });
  upstream = `http://127.0.0.1:${(await listen(server)).port}`;
});

const start = (replaced: Partial<Front>) => {
  const routes = [
    { path: "/api/*", upstream: "up", access: "required" },
    { path: "/open", upstream: "up", access: "public" },
  ];
  return startTestGateway({ upstreams: { up: { targets: [upstream] } }, routes }, undefined, replaced);
};

function fail(): never {
  throw new Error(SAID);
}

const defects: readonly (readonly [string, Partial<Front>])[] = [
  ["the identity is made, at once", { identityHeaders: fail }],
  ["the identity is made, later", { identityHeaders: async () => fail() }],
  [
    "the upstream's answer is written",
    {
      // A header that Node's server refuses to write.
      decide: ({ target }) => ({
        ...{ kind: "pass", principal: null, cookies: target === "/open" ? [] : ["a=b\u0001"] },
        route: route(target, { upstream: "up" }),
      }),
    },
  ],
];

describe("before anything has been answered", () => {
  test.each(defects)("when %s: 500, and all goes on", async (_, replaced) => {
    const gateway = await start(replaced);
    const answer = await fetch(`${gateway.url}/api/a`, AS_ALICE);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    const text = await answer.text();
    expect(JSON.parse(text).code).toBe("internal");
    expect(text).not.toContain(SAID);
    expect(gateway.observed).toContainEqual(expect.objectContaining({ kind: "internal_error" }));
    expect(await (await fetch(`${gateway.url}/open`)).text()).toBe("hello");
  });
});

test("in the middle of an answer: it is cut, its upstream too, and all goes on", async () => {
  const counts = { websocket: 0, event_stream: 0, response: 0, download: 0 };
  const gateway = await start({ streams: { counts, add: fail, remove() {} } });
  await expect(fetch(`${gateway.url}/api/events`, AS_ALICE).then((answer) => answer.text())).rejects.toThrow();
  expect(gateway.observed).toContainEqual({ kind: "internal_error", where: "proxy", message: SAID });
  await waitUntil(
    () => "the upstream is still asked",
    () => open === 0,
  );
  expect(await (await fetch(`${gateway.url}/open`)).text()).toBe("hello");
});

test("an exception that nobody catches is told of, and the process and its requests go on", async () => {
  const preload = join(await tempDir(), "throws.mjs");
  await writeFile(preload, `process.on("SIGUSR2", () => { throw new Error(${JSON.stringify(SAID)}); });`);
  const gateway = await startProcess(
    { upstreams: { up: { targets: [upstream] } }, routes: [{ path: "/*", upstream: "up", access: "public" }] },
    { env: { NODE_OPTIONS: `--import ${preload}` } },
  );
  const load = startSteadyLoad({ origin: () => gateway.url, path: "/a", expects: (body) => body === "hello" });
  await load.more(10);
  gateway.signal("SIGUSR2");
  await waitUntil(gateway.logs, () => gateway.logs().includes(SAID));
  await load.more(10);
  await load.stop();
  expect(load.failures).toEqual([]);
  const { text } = await new Browser(gateway.operationsUrl).fetch("/metrics");
  expect(readPrometheusText(text).total("postern_internal_errors_total")).toBe(1);
});
