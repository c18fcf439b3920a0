// A new configuration is taken over while requests run, and a bad one changes nothing.
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { freePort } from "../support/free-port.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { readPrometheusText } from "../support/prometheus-text.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { waitUntil } from "../support/wait-until.ts";

/** A service that answers its name when it has read all of the body, and echoes on WebSockets. */
async function startNamed(name: string): Promise<string> {
  const server = createServer(async (incoming, response) => {
    let size = 0;
    for await (const chunk of incoming) size += chunk.length;
    response.end(`${name} ${size}`);
  });
  new WebSocketServer({ server }).on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  return `http://127.0.0.1:${(await listen(server)).port}`;
}

const routesTo = (target: string) => ({
  roles: ROLES,
  upstreams: { up: { targets: [target] } },
  routes: [
    { path: "/public/*", upstream: "up", access: "public", websocket: true },
    { path: "/api/*", upstream: "up", access: "required" },
  ],
});

let gateway: GatewayProcess;
let alice: Browser;
let one: string;
let two: string;
beforeAll(async () => {
  one = await startNamed("one");
  two = await startNamed("two");
  gateway = await startGateway(routesTo(one));
  await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
  alice = new Browser(gateway.url);
  expect((await alice.login(ALICE.name, ALICE.password)).status).toBe(200);
});

/** As deployments write it: beside, then renamed over. */
async function write(config: Readonly<Record<string, unknown>>): Promise<void> {
  await writeFile(`${gateway.configFile}.new`, JSON.stringify({ ...gateway.config, ...config }));
  await rename(`${gateway.configFile}.new`, gateway.configFile);
}

const operations = async (path: string) => new Browser(gateway.operationsUrl).fetch(path);
const hash = async (): Promise<unknown> => (await operations("/readyz")).json().config;
const reloads = async (outcome: string): Promise<number> =>
  readPrometheusText((await operations("/metrics")).text).total("postern_config_reloads_total", { outcome });

async function reloadWith(config: Readonly<Record<string, unknown>>, outcome = "applied"): Promise<void> {
  const before = await reloads(outcome);
  await write(config);
  gateway.signal("SIGHUP");
  await waitUntil(gateway.logs, async () => (await reloads(outcome)) > before);
}

/** The line of the log with this message for which `check` holds, once it is there: a log may come after what it tells of. */
async function logged(
  message: string,
  check: (line: Readonly<Record<string, unknown>>) => boolean = () => true,
): Promise<Readonly<Record<string, unknown>>> {
  const found = () =>
    gateway
      .logs()
      .split("\n")
      .filter((line) => line.includes(`"msg":"${message}"`))
      .map((line) => JSON.parse(line))
      .find(check);
  await waitUntil(gateway.logs, () => found() !== undefined);
  return found();
}

const answerTo = async (path: string): Promise<string> => (await alice.api(path)).text;

describe("a new configuration", () => {
  test("is taken over at SIGHUP under load without a failed request", async () => {
    const load = startSteadyLoad({
      origin: () => gateway.url,
      path: "/api/orders",
      headers: { authorization: `Bearer ${alice.accessToken}` },
      expects: (body) => /^(?:one|two) 0$/.test(body),
    });
    await load.more(50);
    for (const target of [two, one, two, one, two]) {
      await reloadWith(routesTo(target));
      await load.more(20);
    }
    expect(await answerTo("/api/orders")).toBe("two 0");
    await load.stop();
    expect(load.failures).toEqual([]);
  });

  test("leaves what is under way where it is: an upload and a WebSocket", async () => {
    await reloadWith(routesTo(one));
    const upload = request(`${gateway.url}/public/upload`, { method: "POST", headers: { "content-length": 6 } });
    upload.write("abc");
    const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/public/socket`);
    await once(socket, "open");
    // The upload has been routed when a request that was sent after it has been answered.
    expect(await answerTo("/public/a")).toBe("one 0");

    await reloadWith(routesTo(two));
    expect(await answerTo("/public/a")).toBe("two 0");
    upload.end("def");
    const [response] = await once(upload, "response");
    expect(String(await response.setEncoding("utf8").toArray())).toBe("one 6");
    socket.send("still there");
    expect(String((await once(socket, "message"))[0])).toBe("still there");
    socket.close();
    await once(socket, "close");
  });

  test("forgets a target that it no longer names, whatever is still under way there", async () => {
    const both = { ...routesTo(one), upstreams: { up: { targets: [one, two], health: { path: "/healthz" } } } };
    const told = async () => (await operations("/metrics")).text.includes(`target="${one}",state="up"} 1`);
    await reloadWith(both);
    expect(await told()).toBe(true);
    const upload = request(`${gateway.url}/public/upload`, { method: "POST", headers: { "content-length": 6 } });
    upload.write("abc");
    await answerTo("/public/a");

    await reloadWith(routesTo(two));
    expect((await operations("/metrics")).text).not.toContain(`target="${one}"`);
    await reloadWith(both);
    expect(await told()).toBe(true);

    // The last request under what was before ends, and takes nothing with it that is configured again.
    upload.end("def");
    const [response] = await once(upload, "response");
    expect(String(await response.setEncoding("utf8").toArray())).toMatch(/^(?:one|two) 6$/);
    expect(await told()).toBe(true);
    expect(await answerTo("/public/a")).toMatch(/^(?:one|two) 0$/);
  });

  test("is noticed in the file, without a signal", async () => {
    const before = await hash();
    await write({ ...routesTo(two), maxBody: "32KiB" });
    await waitUntil(gateway.logs, async () => (await hash()) !== before);
    expect(await answerTo("/public/a")).toBe("two 0");
    const expected = await hash();
    await waitUntil(gateway.logs, async () => {
      const { nodes } = JSON.parse((await gateway.cli(["nodes", "--json"])).stdout);
      return nodes.length === 1 && nodes[0].config === expected;
    });
  });

  test("changes roles for tokens that are issued from then on, and refuses none from before", async () => {
    await reloadWith({ ...routesTo(two), roles: { ...ROLES, user: { scopes: ["orders:read", "tea:make"] } } });
    expect((await alice.api("/auth/me")).status).toBe(200);
    expect((await alice.refresh()).json()).toMatchObject({ token_type: "Bearer" });
    const [, payload = ""] = (alice.accessToken ?? "").split(".");
    expect(JSON.parse(Buffer.from(payload, "base64url").toString()).scope).toBe("orders:read tea:make");
  });

  test("names the options that wait for a restart, and keeps their value", async () => {
    const elsewhere = `127.0.0.1:${await freePort()}`;
    const changes = { listen: elsewhere, tokens: { access: { ttl: "1m" } }, log: { access: true } };
    await reloadWith({ ...routesTo(two), ...changes });
    const line = await logged("config_reloaded", ({ level }) => level === 40);
    expect(line).toMatchObject({ config: await hash(), kept: ["listen", "tokens.access"] });
    await expect(fetch(`http://${elsewhere}/`)).rejects.toThrow();
    const { expires_in } = (await alice.login(ALICE.name, ALICE.password)).json<LoginAnswer>();
    expect(expires_in).toBeGreaterThan(60);
    // What could change has: the access log is on.
    const request = await logged("request");
    expect(request).toMatchObject({ method: "POST", route: "reserved", status: 200 });
    expect(String(request.ms)).toMatch(/^\d+(\.\d{1,3})?$/);
  });
});

test("a bad configuration changes nothing, says all that is wrong with it, and is forgotten with the next good one", async () => {
  await reloadWith(routesTo(one));
  const good = await hash();
  const last = async () =>
    readPrometheusText((await operations("/metrics")).text).total("postern_config_last_reload_successful");
  expect(await last()).toBe(1);

  const [first, second] = routesTo(two).routes;
  await reloadWith({ ...routesTo(two), routes: [{ ...first, upstream: "nowhere" }, second], maxBodi: 1 }, "refused");
  expect(await logged("config_refused")).toMatchObject({
    level: 50,
    problems: [expect.stringMatching(/^maxBodi: /), expect.stringMatching(/^routes\[0\]\.upstream: /)],
  });
  const ready = await operations("/readyz");
  expect([ready.status, ready.json().config]).toEqual([200, good]);
  expect(await last()).toBe(0);
  expect(await answerTo("/api/orders")).toBe("one 0");

  await reloadWith(routesTo(two));
  expect(await last()).toBe(1);
  expect(await answerTo("/api/orders")).toBe("two 0");
});
