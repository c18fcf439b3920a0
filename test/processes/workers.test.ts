// One gateway of several processes: one listener, one answer about all of them, and one that ends is replaced.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request } from "node:http";
import { beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { readPrometheusText, type Scrape } from "../support/prometheus-text.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { waitUntil } from "../support/wait-until.ts";

const WORKERS = 3;

let gateway: GatewayProcess;
let alice: Browser;
beforeAll(async () => {
  const server = createServer(async (incoming, response) => {
    let size = 0;
    for await (const chunk of incoming) size += chunk.length;
    response.end(`read ${size}`);
  });
  const { port } = await listen(server);
  gateway = await startGateway({
    workers: WORKERS,
    roles: ROLES,
    upstreams: { up: { targets: [`http://127.0.0.1:${port}`] } },
    routes: [
      { path: "/public/*", upstream: "up", access: "public" },
      { path: "/api/*", upstream: "up", access: "required" },
    ],
  });
  await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
  alice = new Browser(gateway.url);
  expect((await alice.login(ALICE.name, ALICE.password)).status).toBe(200);
});

const operations = (path: string) => new Browser(gateway.operationsUrl).fetch(path);
const scrape = async (): Promise<Scrape> => readPrometheusText((await operations("/metrics")).text);
const workers = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks on so many connections of their own, which go to the workers by turns; the statuses. */
const askOnConnections = async (count: number, path: string, token = alice.accessToken): Promise<number[]> => {
  const lines = [`GET ${path} HTTP/1.1`, "Host: a", `Authorization: Bearer ${token}`, "Connection: close", "", ""];
  const answers = Array.from({ length: count }, () => rawRequest(gateway.url, lines.join("\r\n")));
  return (await Promise.all(answers)).map(({ status }) => status);
};

test("workers share the listeners, and each is a node of its own", async () => {
  expect(workers(gateway.pid)).toHaveLength(WORKERS);
  const { stdout } = await gateway.cli(["nodes", "--json"]);
  expect(JSON.parse(stdout).nodes).toHaveLength(WORKERS);
  expect(new Set(await askOnConnections(3 * WORKERS, "/api/orders"))).toEqual(new Set([200]));
});

test("readiness and metrics are those of all of them, whoever answers", async () => {
  const ready = await operations("/readyz");
  expect(ready.json()).toMatchObject({ status: "ready", workers: { running: WORKERS, wanted: WORKERS } });
  const counted = (found: Scrape) => found.total("postern_requests_total", { route: "/public/*" });
  const before = counted(await scrape());
  await askOnConnections(10, "/public/a");
  const after = await Promise.all(Array.from({ length: WORKERS }, scrape));
  expect(after.map(counted)).toEqual([before + 10, before + 10, before + 10]);
  expect(after[0]?.total("postern_workers")).toBe(WORKERS);
});

test("a logout that one worker takes is known to all", async () => {
  const other = new Browser(gateway.url);
  await other.login(ALICE.name, ALICE.password);
  expect((await other.logout()).status).toBe(204);
  await waitUntil(gateway.logs, async () =>
    (await askOnConnections(3 * WORKERS, "/api/orders", other.accessToken)).every((status) => status === 401),
  );
});

test("a new configuration reaches all of them under load, and no request fails", async () => {
  const load = startSteadyLoad({
    origin: () => gateway.url,
    path: "/api/orders",
    headers: { authorization: `Bearer ${alice.accessToken}` },
    expects: (body) => body === "read 0",
  });
  await load.more(30);
  const routes = [...(gateway.config.routes as object[]), { path: "/new", upstream: "up", access: "public" }];
  await writeFile(gateway.configFile, JSON.stringify({ ...gateway.config, routes }));
  gateway.signal("SIGHUP");
  await waitUntil(gateway.logs, async () =>
    (await askOnConnections(3 * WORKERS, "/new")).every((status) => status === 200),
  );
  await load.more(30);
  await load.stop();
  expect(load.failures).toEqual([]);

  await writeFile(gateway.configFile, JSON.stringify({ ...gateway.config, routes: [{ path: "nowhere" }] }));
  gateway.signal("SIGHUP");
  await waitUntil(gateway.logs, async () => (await scrape()).total("postern_config_last_reload_successful") === 0);
  expect(new Set(await askOnConnections(2 * WORKERS, "/new"))).toEqual(new Set([200]));
});

test("one that is killed is replaced under the last good configuration, and no counter goes down", async () => {
  const before = await scrape();
  const [victim = 0] = workers(gateway.pid);
  process.kill(victim, "SIGKILL");
  // Until then a connection may still go to the one that has been killed.
  await waitUntil(gateway.logs, () => /"reason":"[^"]*SIGKILL[^"]*","msg":"worker_restarted"/.test(gateway.logs()));
  await waitUntil(gateway.logs, async () => (await scrape()).total("postern_worker_restarts_total") === 1);
  const after = await scrape();
  expect(after.total("postern_workers")).toBe(WORKERS);
  expect(after.total("postern_requests_total")).toBeGreaterThanOrEqual(before.total("postern_requests_total"));
  expect((await operations("/readyz")).json()).toMatchObject({ status: "ready", workers: { running: WORKERS } });
  expect(workers(gateway.pid)).not.toContain(victim);
  expect(new Set(await askOnConnections(3 * WORKERS, "/new"))).toEqual(new Set([200]));
});

test("one that is killed takes no client along that has just come", async () => {
  const [stopped = 0] = workers(gateway.pid);
  process.kill(stopped, "SIGSTOP");
  const lines = ["GET /public/a HTTP/1.1", "Host: a", "Connection: close", "", ""];
  const settled: boolean[] = [];
  const clients = Array.from({ length: 3 * WORKERS }, async () => {
    const { closed } = await rawRequest(gateway.url, lines.join("\r\n"));
    settled.push(closed);
  });
  // One at a time goes to each, and to the others when they have taken theirs.
  await waitUntil(
    () => `${settled.length} of ${clients.length} have been served`,
    () => settled.length === clients.length - 1,
  );
  process.kill(stopped, "SIGKILL");
  await Promise.all(clients);
  await waitUntil(
    () => "it has not been replaced",
    async () => (await operations("/readyz")).text.includes(`"running":${WORKERS}`),
  );
});

test("what keeps a worker from starting ends them all, and is said", async () => {
  await writeFile(gateway.configFile, JSON.stringify(gateway.config));
  const { code, stderr } = await gateway.cli(["serve"]);
  expect(code).toBe(69);
  expect(stderr).toMatch(/Port \d+ on 127\.0\.0\.1 is in use/);
});

test("they end together, and let an upload end before", async () => {
  const all = workers(gateway.pid);
  const upload = request(`${gateway.url}/public/upload`, { method: "POST", headers: { "content-length": 6 } });
  upload.write("abc");
  await askOnConnections(WORKERS, "/public/a");
  gateway.signal("SIGTERM");
  await waitUntil(gateway.logs, async () =>
    askOnConnections(1, "/public/a").then(
      ([status]) => status === 0,
      () => true,
    ),
  );
  upload.end("def");
  const [response] = (await once(upload, "response")) as [IncomingMessage];
  expect(await response.setEncoding("utf8").toArray()).toEqual(["read 6"]);
  expect(await gateway.ended).toBe(0);
  expect(all.filter(isAlive)).toEqual([]);
});

test("they do not outlive the process that looks after them", async () => {
  const other = await startGateway({ workers: 2 });
  const all = workers(other.pid);
  expect(all).toHaveLength(2);
  await other.kill();
  await waitUntil(other.logs, () => all.every((pid) => !isAlive(pid)));
});
