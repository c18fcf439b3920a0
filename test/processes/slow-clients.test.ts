// Clients that take their time, to keep connections for themselves: byte by byte they send a head or a body, or take an answer. Each is
// ended when its time is over, and nobody else notices. The process is the real one; only its times are shorter than they would be.
// SECURITY: F27.
import { readFile, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse-config.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { OK, type RecordedConnection, startRecordingUpstream } from "../support/recording-upstream.ts";
import { type SteadyLoad, startSteadyLoad } from "../support/steady-load.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Of each kind, all at once. */
const CLIENTS = 20;
/** Milliseconds between two bytes. */
const BEAT = 50;
/** In place of the real ones, which `preload` writes down. */
const SHORT = { headersTimeout: 1000, requestTimeout: 2000, connectionsCheckingInterval: 100 };

const preload = (file: string): string => `
  import { appendFileSync } from "node:fs";
  import http from "node:http";
  import { syncBuiltinESMExports } from "node:module";
  const { createServer } = http;
  http.createServer = (options, ...rest) => {
    appendFileSync(${JSON.stringify(file)}, JSON.stringify(options) + "\\n");
    return createServer({ ...options, ...${JSON.stringify(SHORT)} }, ...rest);
  };
  syncBuiltinESMExports();
`;

const slow: RecordedConnection[] = [];
let gateway: GatewayProcess;
let options: string;
let load: SteadyLoad;
beforeAll(async () => {
  const up = await startRecordingUpstream((connection) => {
    const { socket, received } = connection;
    if (received.startsWith("GET /quick ")) return void socket.end(OK);
    slow.push(connection);
    if (!received.startsWith("GET /endless ")) return;
    const more = (): void => {
      while (!socket.destroyed && socket.write("x".repeat(65_536)));
    };
    socket.on("drain", more);
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
    more();
  });
  const dir = await tempDir();
  options = join(dir, "options.jsonl");
  await writeFile(join(dir, "preload.mjs"), preload(options));
  gateway = await startGateway(
    {
      connections: { sendTimeout: "1s" },
      upstreams: { up: { targets: [up.url] } },
      routes: [{ path: "/*", upstream: "up", access: "public" }],
    },
    { env: { NODE_OPTIONS: `--import ${join(dir, "preload.mjs")}` } },
  );
  load = startSteadyLoad({ origin: () => gateway.url, path: "/quick", expects: (body) => body === "ok" });
});
afterAll(() => load.stop());

/** `end`: everything that has come, when it has been closed. */
function slowClient(first: string, beat: (socket: Socket) => void) {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(first);
  const timer = setInterval(() => {
    if (socket.writable) beat(socket);
  }, BEAT);
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
    clearInterval(timer);
  });
  // Whatever error a byte brings that was on its way when it was closed.
  const end = new Promise<string>((resolve) => {
    socket.once("close", () => {
      clearInterval(timer);
      resolve(text);
    });
  });
  return { end };
}

const HEAD = "Host: a\r\nUser-Agent: slow\r\n";

/** Those that have come to the service on this path. */
const come = (path: string): readonly RecordedConnection[] =>
  slow.filter(({ received }) => received.split(" ", 2)[1] === path);

describe.concurrent("byte by byte, while others are served:", () => {
  test.each<[string, string, string]>([
    ["a head", `GET /head HTTP/1.1\r\n${HEAD}X: `, "x"],
    ["a body with a length", `POST /length HTTP/1.1\r\n${HEAD}Content-Length: 1000\r\n\r\n`, "x"],
    ["a chunked body", `POST /chunks HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`, "1\r\nx\r\n"],
    ["a body to an endpoint of ours", `POST /auth/login HTTP/1.1\r\n${HEAD}Content-Length: 1000\r\n\r\n`, "x"],
  ])("%s: 408", async (_what, first, next) => {
    const clients = Array.from({ length: CLIENTS }, () => slowClient(first, (socket) => socket.write(next)));
    await load.more(20);
    for (const text of await Promise.all(clients.map(({ end }) => end))) {
      expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      expect(text).toMatch(/\r\nConnection: close\r\n/i);
      expect(JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4))).toMatchObject({ status: 408, code: "validation" });
    }
    const reached = come(first.split(" ", 2)[1] ?? "");
    expect(reached).toHaveLength(/^POST \/(?:length|chunks) /.test(first) ? CLIENTS : 0);
    await Promise.all(reached.map((connection) => connection.until(({ closed }) => closed)));
    for (const { received } of reached) expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  test("nothing at all: closed", async () => {
    const clients = Array.from({ length: CLIENTS }, () => slowClient("", () => {}));
    for (const text of await Promise.all(clients.map(({ end }) => end))) expect(text).toMatch(/^$|^HTTP\/1\.1 408 /);
  });

  test("an answer: reset", async () => {
    const clients = Array.from({ length: CLIENTS }, () => {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      socket.on("error", () => {});
      socket.write(`GET /endless HTTP/1.1\r\n${HEAD}\r\n`);
      // Without a listener for data it takes what is asked for, and a buffer more.
      const timer = setInterval(() => socket.read(1), BEAT);
      const broken = new Promise((resolve) => socket.once("close", resolve));
      return { socket, timer, broken };
    });
    await load.more(20);
    await waitUntil(
      () => `${come("/endless").length} have come`,
      () => come("/endless").length === CLIENTS,
    );
    await Promise.all(come("/endless").map((connection) => connection.until(({ closed }) => closed)));
    for (const { socket, timer, broken } of clients) {
      clearInterval(timer);
      socket.resume();
      expect(await broken).toBe(true);
    }
  });
});

test("nobody else has noticed", () => {
  expect(load.failures).toEqual([]);
  expect(load.answered).toBeGreaterThan(100);
});

test("the real times, where nobody makes them shorter", async () => {
  const lines = (await readFile(options, "utf8")).trim().split("\n");
  // The main listener's and that of the operations.
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({
      maxHeaderSize: 16_384,
      headersTimeout: 20_000,
      requestTimeout: 300_000,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 75_000,
    });
  }
  const parsed = parseConfig({ issuer: "https://app.example.com" });
  expect(parsed).toMatchObject({ ok: true, config: { connections: { sendTimeout: 60_000 } } });
});
