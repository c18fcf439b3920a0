// Clients that go away, in every phase of what they asked for, many at once, by turns in order and by a reset: the service is no longer
// asked, and nothing is left of them in the gateway, no socket and no memory. For a soak: POSTERN_CYCLES=40000.
// SECURITY: F26, PX18.
import { once } from "node:events";
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { ALICE } from "../support/people.ts";
import { readPrometheusText } from "../support/prometheus-text.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";

const CYCLES = Number(process.env.POSTERN_CYCLES ?? 8_000);
/** Before anything is measured: what is made once is there by then. */
const WARM_UP = 2_000;
const AT_ONCE = 64;
/** Bytes that may be left of a cycle, on average; what is forgotten of one is larger, and what varies by itself smaller. */
const LEFT = 250;

/** Bytes by which the process may grow: V8 and the allocator keep what was once needed at a time. */
const RESIDENT = 192 * 1024 * 1024;

interface Phase {
  readonly name: string;
  readonly request: string;
  /** What the service says, once it has the head; null: it is never asked. */
  readonly answer: string | null;
  /** The client leaves when it has so much; without: when the service has been asked. */
  readonly after?: string;
}

const POST = "POST /x HTTP/1.1\r\nContent-Length: 100000\r\n";
const UPGRADE = "GET /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
const HALF = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc";
const PHASES: readonly Phase[] = [
  { name: "in the middle of the head", request: "GET /x HTTP/1.1\r\nX: ", answer: null },
  { name: "behind the head of an upload", request: POST, answer: "" },
  { name: "in the middle of the upload", request: `${POST}\r\nabc`, answer: "" },
  { name: "while the answer is waited for", request: "GET /x HTTP/1.1\r\n", answer: "" },
  { name: "in the middle of the answer", request: "GET /x HTTP/1.1\r\n", answer: HALF, after: "abc" },
  { name: "in the middle of both", request: `${POST}\r\nabc`, answer: HALF, after: "abc" },
  {
    name: "in an event stream",
    request: "GET /x HTTP/1.1\r\n",
    answer: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: hello\n\n",
    after: "hello",
  },
  {
    name: "in a WebSocket",
    request: `${UPGRADE}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`,
    answer: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello",
    after: "hello",
  },
];

/** Says over a file what is in use after a collection of garbage, when it is asked by a signal. */
const PRELOAD = (file: string): string => `
  import { appendFileSync } from "node:fs";
  import { setFlagsFromString } from "node:v8";
  import { runInNewContext } from "node:vm";
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  process.on("SIGUSR2", () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    appendFileSync(${JSON.stringify(file)}, heapUsed + external + "\\n");
  });
`;

let gateway: GatewayProcess;
let memoryFile: string;
let headers: string;
/** By request: the service has been asked. */
const asked = new Map<string, () => void>();
const upstream = { opened: 0, closed: 0 };

beforeAll(async () => {
  const server = createServer((socket) => {
    upstream.opened++;
    let received = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      const before = received;
      received += chunk;
      const id = /\r\nx-request: (\S+)\r\n(?:.*\r\n)*?\r\n/i.exec(received)?.[1];
      if (id === undefined || before.includes("\r\n\r\n")) return;
      socket.write(PHASES[Number(id.split("-")[0])]?.answer ?? "", "latin1");
      asked.get(id)?.();
    });
    socket.on("error", () => {});
    socket.once("close", () => upstream.closed++);
  });
  const { port } = await listen(server);
  const dir = await tempDir();
  memoryFile = join(dir, "memory.txt");
  await writeFile(memoryFile, "");
  await writeFile(join(dir, "preload.mjs"), PRELOAD(memoryFile));
  gateway = await startGateway(
    {
      upstreams: { up: { targets: [`http://127.0.0.1:${port}`] } },
      routes: [{ path: "/*", upstream: "up", access: "required", websocket: true }],
    },
    { env: { NODE_OPTIONS: `--import ${join(dir, "preload.mjs")}` } },
  );
  await gateway.addUser(ALICE.name, ALICE.password);
  const browser = new Browser(gateway.url);
  await browser.login(ALICE.name, ALICE.password);
  headers = `Host: a\r\nAuthorization: Bearer ${browser.accessToken}\r\n`;
});

async function cycle(number: number): Promise<void> {
  const phase = number % PHASES.length;
  const { request, answer, after } = PHASES[phase] as Phase;
  const id = `${phase}-${number}`;
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  const gone = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  await once(socket, "connect");
  const known = new Promise<void>((resolve) => asked.set(id, resolve));
  const [line = "", ...rest] = request.split("\r\n");
  const head = `${line}\r\n${headers}X-Request: ${id}\r\n${rest.join("\r\n")}`;
  if (answer === null) {
    await new Promise((resolve) => socket.write(head, resolve));
  } else {
    socket.write(request.includes("\r\n\r\n") ? head : `${head}\r\n`);
    await (after === undefined ? known : until(socket, after));
  }
  asked.delete(id);
  if (Math.floor(number / PHASES.length) % 2 === 0) socket.destroy();
  else socket.resetAndDestroy();
  await gone;
}

function until(socket: Socket, text: string): Promise<void> {
  let received = "";
  return new Promise((resolve, reject) => {
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (received.includes(text)) resolve();
    });
    socket.once("close", () => reject(new Error(`the gateway closed after ${JSON.stringify(received)}`)));
  });
}

async function cycles(from: number, count: number): Promise<void> {
  let next = from;
  const client = async (): Promise<void> => {
    while (next < from + count) await cycle(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

/** Sockets that the gateway has open, its listeners included. */
async function sockets(): Promise<number> {
  const folder = `/proc/${gateway.pid}/fd`;
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => "")));
  return links.filter((link) => link.startsWith("socket:")).length;
}

async function untilNothingIsOpen(base: number): Promise<void> {
  await waitUntil(
    () => `the service has ${upstream.opened - upstream.closed} connections of ${upstream.opened}`,
    () => upstream.opened === upstream.closed,
  );
  let open = 0;
  await waitUntil(
    () => `${open} sockets are open, at first there were ${base}`,
    async () => {
      open = await sockets();
      return open === base;
    },
  );
}

/** In use after a collection of garbage, and resident; bytes. */
async function memory(): Promise<{ readonly used: number; readonly resident: number }> {
  const read = async (): Promise<readonly string[]> => (await readFile(memoryFile, "utf8")).split("\n").slice(0, -1);
  const before = (await read()).length;
  let lines = await read();
  gateway.signal("SIGUSR2");
  await waitUntil(
    () => "the gateway has not said what it uses",
    async () => {
      lines = await read();
      return lines.length > before;
    },
  );
  const status = await readFile(`/proc/${gateway.pid}/status`, "utf8");
  return {
    used: Number(lines.at(-1)),
    resident: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
  };
}

test(`${CYCLES} clients leave, ${AT_ONCE} at once: no socket and no memory is left of them`, {
  timeout: 600_000,
}, async () => {
  const base = await sockets();
  await cycles(0, WARM_UP);
  await untilNothingIsOpen(base);
  const before = await memory();
  await cycles(WARM_UP, CYCLES);
  await untilNothingIsOpen(base);
  const after = await memory();
  expect((after.used - before.used) / CYCLES).toBeLessThan(LEFT);
  expect(after.resident - before.resident).toBeLessThan(RESIDENT);
  // One phase never comes to the service.
  expect(upstream.opened).toBe(((WARM_UP + CYCLES) / PHASES.length) * (PHASES.length - 1));
  const { text } = await new Browser(gateway.operationsUrl).fetch("/metrics");
  const metrics = readPrometheusText(text);
  expect(metrics.total("postern_open_streams")).toBe(0);
  expect(metrics.total("postern_internal_errors_total")).toBe(0);
});
