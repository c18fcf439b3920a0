// Ten thousand clients keep their connections and say nothing: all are held, others are served, and where there are as many as there may
// be, those give way that have waited the longest.
// SECURITY: F28.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { listen } from "../support/listen.ts";
import { startSteadyLoad } from "../support/steady-load.ts";

const WANTED = 10_000;
/** Files that each of the two processes has open besides. */
const OTHERS = 500;
/** Of the gateway's memory, for a connection that waits; bytes. */
const A_CONNECTION = 24 * 1024;
const ACTIVE = 4;

/** How many connections may be held, by the limit of open files that processes are under here; said where that is fewer. */
async function affordable(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8");
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
  const count = Math.min(WANTED, files - OTHERS);
  if (count < WANTED) console.log(`${count} connections and not ${WANTED}: no more than ${files} files may be open`);
  return count;
}

const count = await affordable();
/** So many give way at a time. They also connect at a time, so that the first to wait are known, whoever of them is answered first. */
const PART = Math.ceil(count / 100);
let gateway: GatewayProcess;
/** In the order in which they have begun to wait. */
const idle: Socket[] = [];

beforeAll(async () => {
  const { port } = await listen(createServer((_, response) => response.end("hello")));
  gateway = await startGateway({
    connections: { max: count },
    upstreams: { up: { targets: [`http://127.0.0.1:${port}`] } },
    routes: [{ path: "/*", upstream: "up", access: "public" }],
  });
});

/** A connection that has had its answer. */
async function served(): Promise<Socket> {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  let text = "";
  while (!text.endsWith("hello")) text += String((await once(socket, "data"))[0]);
  idle.push(socket);
  return socket;
}

async function resident(): Promise<number> {
  const status = await readFile(`/proc/${gateway.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

test("all are held, others are served, and the oldest give way to them", async () => {
  const load = startSteadyLoad({
    ...{ origin: () => gateway.url, path: "/", clients: ACTIVE },
    expects: (body) => body === "hello",
  });
  await load.more(100);
  const before = await resident();
  const fits = count - ACTIVE;
  for (let open = 0; open < fits; open += PART) {
    await Promise.all(Array.from({ length: Math.min(PART, fits - open) }, served));
  }
  await load.more(100);
  expect(idle.filter((socket) => socket.readyState !== "open")).toEqual([]);
  expect(((await resident()) - before) / fits).toBeLessThan(A_CONNECTION);

  // One more than there may be.
  const oldest = idle.slice(0, PART).map((socket) => once(socket.resume(), "close"));
  await served();
  await Promise.all(oldest);
  await load.more(100);
  expect(idle.filter((socket) => socket.readyState !== "open")).toHaveLength(PART);
  expect(load.failures).toEqual([]);
  await load.stop();
  for (const socket of idle) socket.destroy();
});
