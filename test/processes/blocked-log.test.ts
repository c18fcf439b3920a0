// Whoever reads the log stops reading, goes away, or has no room: requests go on, and the gateway ends as ever.
// SECURITY: F34.
import { openSync } from "node:fs";
import { createServer } from "node:http";
import { beforeAll, expect, test } from "vitest";
import { type GatewayOptions, type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { readPrometheusText } from "../support/prometheus-text.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Long, so that few requests fill what a log may hold. */
const PATH = `/${"a".repeat(1000)}`;

let upstream: string;
beforeAll(async () => {
  const { port } = await listen(createServer((_, response) => response.end("hello")));
  upstream = `http://127.0.0.1:${port}`;
});

const start = (options: GatewayOptions = {}): Promise<GatewayProcess> =>
  startGateway(
    {
      log: { access: true },
      upstreams: { up: { targets: [upstream] } },
      routes: [{ path: PATH, upstream: "up", access: "public" }],
    },
    options,
  );

async function dropped(gateway: GatewayProcess): Promise<number> {
  const { text } = await new Browser(gateway.operationsUrl).fetch("/metrics");
  return readPrometheusText(text).total("postern_log_lines_dropped_total");
}

/** Asks until lines are dropped, and a while longer; the failures. */
async function askUntilDropped(gateway: GatewayProcess): Promise<readonly string[]> {
  const load = startSteadyLoad({ origin: () => gateway.url, path: PATH, expects: (body) => body === "hello" });
  await waitUntil(
    () => `${load.answered} answered`,
    async () => (await dropped(gateway)) > 0,
  );
  await load.more(50);
  await load.stop();
  return load.failures;
}

test("a pipe that nobody reads: requests go on, and so does the log when it is read again", async () => {
  const gateway = await start();
  gateway.output?.pause();
  expect(await askUntilDropped(gateway)).toEqual([]);
  gateway.output?.resume();
  await waitUntil(gateway.logs, async () => {
    const lost = await dropped(gateway);
    await new Browser(gateway.url).fetch(PATH);
    return (await dropped(gateway)) === lost;
  });
  // The last line may not have come to its end.
  const lines = gateway.logs().split("\n").slice(0, -1);
  const requests = lines.filter((line) => line.includes(PATH)).map((line) => JSON.parse(line));
  expect(requests.length).toBeGreaterThan(100);
  for (const line of requests) expect(line).toMatchObject({ msg: "request", route: PATH, status: 200 });
});

test("a pipe that nobody reads holds no end", async () => {
  const gateway = await start();
  gateway.output?.pause();
  expect(await askUntilDropped(gateway)).toEqual([]);
  gateway.signal("SIGTERM");
  expect(await gateway.ended).toBe(0);
});

test("a reader that has gone away, and a disk that is full", async () => {
  const abandoned = await start();
  abandoned.output?.destroy();
  const full = await start({ stdout: openSync("/dev/full", "w") });
  for (const gateway of [abandoned, full]) {
    expect(await askUntilDropped(gateway)).toEqual([]);
    gateway.signal("SIGTERM");
    expect(await gateway.ended).toBe(0);
  }
});
