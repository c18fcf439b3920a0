// Gateways are restarted one after the other while requests run, behind a balancer that sends no more to one that is not ready.
// SECURITY: F18.
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { startStreamingUpstream } from "../support/streaming-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";

const readiness = async (gateway: GatewayProcess): Promise<number> =>
  (await new Browser(gateway.operationsUrl).fetch("/readyz").catch(() => ({ status: 0 }))).status;

/** Whether it still takes connections, and answers on them. */
const answers = async (gateway: GatewayProcess): Promise<boolean> =>
  new Browser(gateway.url).fetch("/public/hello").then(
    () => true,
    () => false,
  );

/** A balancer's health check: asks each gateway all the time, and knows those that are ready. */
class Balancer {
  gateways: readonly GatewayProcess[];
  #ready: readonly GatewayProcess[];
  #turn = 0;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(gateways: readonly GatewayProcess[]) {
    this.gateways = gateways;
    this.#ready = gateways;
    this.#running = this.#check();
  }

  /** Where the next request goes. */
  next(): string {
    return this.#ready[this.#turn++ % this.#ready.length]?.url ?? "";
  }

  knows(gateway: GatewayProcess): boolean {
    return this.#ready.includes(gateway);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #check(): Promise<void> {
    while (!this.#stopped) {
      const asked = this.gateways;
      const statuses = await Promise.all(asked.map(readiness));
      this.#ready = asked.filter((_, index) => statuses[index] === 200);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe("a rolling restart", () => {
  /** Longer than the balancer takes to notice, however slow the machine. */
  const shutdown = { delay: "1500ms", drain: "30s" };
  let config: Readonly<Record<string, unknown>>;
  let gateways: GatewayProcess[];
  let balancer: Balancer;
  let alice: Browser;
  beforeAll(async () => {
    const server = createServer(async (incoming, response) => {
      let size = 0;
      for await (const chunk of incoming) size += chunk.length;
      response.end(`read ${size}`);
    });
    const { port } = await listen(server);
    config = {
      issuer: "http://127.0.0.1:8080",
      shutdown,
      roles: ROLES,
      upstreams: { up: { targets: [`http://127.0.0.1:${port}`] } },
      routes: [
        { path: "/public/*", upstream: "up", access: "public" },
        { path: "/api/*", upstream: "up", access: "required" },
      ],
    };
    const first = await startGateway(config);
    gateways = [first, await startGateway(config, { like: first })];
    await first.addUser(ALICE.name, ALICE.password, ["user"]);
    alice = new Browser(first.url);
    expect((await alice.login(ALICE.name, ALICE.password)).status).toBe(200);
    balancer = new Balancer(gateways);
  });
  afterAll(() => balancer.stop());

  test("fails no request of clients that keep their connections, and lets an upload end", async () => {
    const load = startSteadyLoad({
      origin: () => balancer.next(),
      path: "/api/orders",
      headers: { authorization: `Bearer ${alice.accessToken}` },
      expects: (body) => body === "read 0",
    });
    await load.more(50);
    for (const index of [0, 1]) {
      const old = gateways[index] as GatewayProcess;
      const upload = request(`${old.url}/public/upload`, { method: "POST", headers: { "content-length": 6 } });
      upload.write("abc");
      // Sent after it on another connection, and so answered after it has been taken.
      expect(await answers(old)).toBe(true);
      old.signal("SIGTERM");
      await waitUntil(old.logs, () => !balancer.knows(old));
      await waitUntil(old.logs, async () => !(await answers(old)));
      await load.more(20);
      upload.end("def");
      const [response] = (await once(upload, "response")) as [IncomingMessage];
      expect(response.headers.connection).toBe("close");
      expect(await response.setEncoding("utf8").toArray()).toEqual(["read 6"]);
      expect(await old.ended).toBe(0);

      gateways[index] = await startGateway(config, { like: old });
      balancer.gateways = [...gateways];
      await waitUntil(old.logs, () => balancer.knows(gateways[index] as GatewayProcess));
      await load.more(20);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
  });
});

type Reader = ReadableStreamDefaultReader<Uint8Array>;

describe("what does not end by itself", () => {
  const routes = [
    { path: "/ws", upstream: "up", access: "public", websocket: true },
    { path: "/*", upstream: "up", access: "public" },
  ];
  const startWith = async (shutdown: Readonly<Record<string, unknown>>) => {
    const upstream = await startStreamingUpstream();
    const gateway = await startGateway({ shutdown, upstreams: { up: { targets: [upstream.url] } }, routes });
    const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/ws`);
    await once(socket, "open");
    const events = await fetch(`${gateway.url}/events`);
    return { gateway, socket, events: events.body?.getReader() };
  };

  const readOn = async (reader: Reader | undefined): Promise<void> => {
    while ((await reader?.read())?.done === false);
  };

  test("is cut at the bound: a WebSocket with 1001, an event stream so that it does not look whole", async () => {
    const { gateway, socket, events } = await startWith({ drain: "100ms" });
    const closed = once(socket, "close");
    const cut = expect(readOn(events)).rejects.toThrow();
    gateway.signal("SIGTERM");
    expect((await closed)[0]).toBe(1001);
    await cut;
    expect(await gateway.ended).toBe(0);
  });

  test("holds nobody who asks twice", async () => {
    const { gateway, socket } = await startWith({ drain: "1h" });
    gateway.signal("SIGTERM");
    await waitUntil(gateway.logs, () => gateway.logs().includes("Stopping"));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    gateway.signal("SIGTERM");
    expect(await gateway.ended).toBe(1);
    socket.terminate();
  });
});
