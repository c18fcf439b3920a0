// The processes of one gateway are replaced one after the other, with TLS and under load; and one that does not start is not tried for ever.
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, rename, rmdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { request as ask } from "undici";
import { beforeAll, describe, expect, test } from "vitest";
import { selfSigned } from "../support/certificates.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { readPrometheusText } from "../support/prometheus-text.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";

const workers = ({ pid }: GatewayProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

/** What the gateway has logged under a name. */
const logged = ({ logs }: GatewayProcess, message: string): Readonly<Record<string, unknown>>[] =>
  logs()
    .split("\n")
    .filter((line) => line.includes(`"msg":"${message}"`))
    .map((line) => JSON.parse(line));

describe("with TLS", () => {
  const WORKERS = 2;
  let gateway: GatewayProcess;
  let origin: string;
  let ca: string;
  let folder: string;
  let alice: Browser;
  beforeAll(async () => {
    const certificate = await selfSigned("localhost");
    ca = certificate.cert;
    folder = await tempDir();
    for (const name of ["cert", "key"] as const) await writeFile(join(folder, `${name}.pem`), certificate[name]);
    const server = createServer(async (incoming, response) => {
      let size = 0;
      for await (const chunk of incoming) size += chunk.length;
      response.end(`read ${size}`);
    });
    const { port } = await listen(server);
    gateway = await startGateway({
      issuer: "https://localhost",
      workers: WORKERS,
      tls: { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") },
      roles: ROLES,
      shutdown: { drain: "30s" },
      upstreams: { up: { targets: [`http://127.0.0.1:${port}`] } },
      routes: [{ path: "/api/*", upstream: "up", access: "required" }],
    });
    await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
    origin = `https://localhost:${new URL(gateway.url).port}`;
    alice = new Browser(origin, { ca });
    expect((await alice.login(ALICE.name, ALICE.password)).status).toBe(200);
  });

  const bearer = () => ({ authorization: `Bearer ${alice.accessToken}` });
  /** On a connection of its own, which keeps no process waiting. */
  const operations = async (path: string): Promise<string> =>
    (await ask(`${gateway.operationsUrl}${path}`, { reset: true })).body.text();
  const scrape = async () => readPrometheusText(await operations("/metrics"));
  const served = async () => (await scrape()).total("postern_requests_total", { route: "/api/*", status: "2xx" });

  test("SIGUSR2 replaces each of them and fails no request: options that wait for a restart change, and an upload ends", async () => {
    const before = workers(gateway);
    expect(before).toHaveLength(WORKERS);
    const countedBefore = await served();
    const load = startSteadyLoad({
      ...{ origin: () => origin, path: "/api/orders", headers: bearer(), ca },
      expects: (body) => body === "read 0",
    });
    await load.more(30);
    const upload = request(`${origin}/api/upload`, {
      ...{ method: "POST", ca, agent: false },
      headers: { ...bearer(), "content-length": 6 },
    });
    upload.write("abc");
    await load.more(10);

    const config = { ...gateway.config, tokens: { access: { ttl: "1m" } }, listen: "127.0.0.1:1" };
    await writeFile(gateway.configFile, JSON.stringify(config));
    gateway.signal("SIGUSR2");
    // One has taken another's place, which may still hold the upload.
    await waitUntil(gateway.logs, () => workers(gateway).some((pid) => !before.includes(pid)));
    await load.more(20);
    upload.end("def");
    const [response] = (await once(upload, "response")) as [IncomingMessage];
    expect(await response.setEncoding("utf8").toArray()).toEqual(["read 6"]);
    await waitUntil(gateway.logs, () =>
      logged(gateway, "config_reloaded").some(({ kept }) => String(kept) === "listen"),
    );
    await load.more(20);
    await load.stop();
    expect(load.failures).toEqual([]);

    const after = workers(gateway);
    expect(after).toHaveLength(WORKERS);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    // What those that have ended had counted is not lost, to the last request.
    expect(await served()).toBe(countedBefore + load.answered + 1);
    const login = await alice.login(ALICE.name, ALICE.password);
    expect(login.json<LoginAnswer>().expires_in).toBeLessThanOrEqual(60);
    expect(JSON.parse(await operations("/readyz"))).toMatchObject({ status: "ready", workers: { running: WORKERS } });
  });

  test("one that cannot be used replaces none of them", async () => {
    const before = workers(gateway);
    await writeFile(gateway.configFile, JSON.stringify({ ...gateway.config, routes: [{ path: "nowhere" }] }));
    gateway.signal("SIGUSR2");
    await waitUntil(gateway.logs, async () => (await scrape()).total("postern_config_last_reload_successful") === 0);
    // It can be read, and no process starts with it.
    const store = `sqlite:${join(folder, "cert.pem")}`;
    await writeFile(gateway.configFile, JSON.stringify({ ...gateway.config, store }));
    gateway.signal("SIGUSR2");
    await waitUntil(gateway.logs, () =>
      logged(gateway, "config_refused").some(({ problems }) =>
        /a process could not be started with it: .*cert\.pem is not a SQLite/.test(String(problems)),
      ),
    );
    expect(workers(gateway)).toEqual(before);
    expect((await alice.api("/api/orders")).text).toBe("read 0");
  });

  test("a new certificate is shown by all of them", async () => {
    const renewed = await selfSigned("localhost", "renewed");
    await writeFile(gateway.configFile, JSON.stringify(gateway.config));
    for (const name of ["cert", "key"] as const) await writeFile(join(folder, `${name}.pem`), renewed[name]);
    gateway.signal("SIGHUP");
    const { fingerprint256 } = new X509Certificate(renewed.cert);
    const shown = async () => {
      const socket = connect({
        port: Number(new URL(origin).port),
        servername: "localhost",
        rejectUnauthorized: false,
      });
      await once(socket, "secureConnect");
      const found = socket.getPeerX509Certificate()?.fingerprint256;
      socket.destroy();
      return found;
    };
    await waitUntil(gateway.logs, async () => {
      const all = await Promise.all(Array.from({ length: 3 * WORKERS }, shown));
      return all.every((found) => found === fingerprint256);
    });
  });
});

describe("a worker that cannot start", () => {
  let gateway: GatewayProcess;
  let database: string;
  beforeAll(async () => {
    gateway = await startGateway({ workers: 2, store: "sqlite:./own.db" });
    database = join(gateway.dir, "own.db");
  });

  const damage = async (): Promise<void> => {
    await rename(database, `${database}.away`);
    await mkdir(database);
  };
  const pauses = () => logged(gateway, "worker_lost").map(({ pause }) => Number(pause));

  test("is tried again with longer pauses, each of them said, while the other serves; and comes back", async () => {
    const [first = 0, other = 0] = workers(gateway);
    await damage();
    process.kill(first, "SIGKILL");
    await waitUntil(gateway.logs, () => pauses().length >= 4);
    expect(pauses().slice(0, 4)).toEqual([0, 200, 400, 800]);
    expect(logged(gateway, "worker_lost")[1]).toMatchObject({
      level: 50,
      worker: 1,
      reason: expect.stringContaining("is a folder, not a database"),
    });
    expect(workers(gateway)).toContain(other);
    expect((await fetch(`${gateway.url}/.well-known/jwks.json`)).status).toBe(200);
    await rmdir(database);
    await rename(`${database}.away`, database);
    await waitUntil(gateway.logs, () => logged(gateway, "worker_restarted").length === 1);
    expect(workers(gateway)).toHaveLength(2);
  });

  test("ends the gateway where none is left, with the reason", async () => {
    await damage();
    for (const pid of workers(gateway)) process.kill(pid, "SIGKILL");
    expect(await gateway.ended).toBe(69);
    expect(gateway.logs()).toMatch(/No worker can be started any more\. .*is a folder, not a database/);
  });
});
