// Peers of WebSockets that say nothing any more: those that take nothing of what they are sent, and those that have gone without a word.
// What waits for them waits in the gateway.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { beforeAll, expect, test } from "vitest";
import {
  type RecordedConnection,
  type RecordingUpstream,
  startRecordingUpstream,
} from "../support/recording-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startTestGateway, type TestGateway } from "./proxy-gateway.ts";

const HANDSHAKE = [
  "GET /ws HTTP/1.1",
  ...["Host: a", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
  ...["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""],
].join("\r\n");
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const PIECE = 64 * 1024;
/** A binary frame of 64 KiB (RFC 6455 §5.2), without a mask and with one of zeros. */
const FRAME = Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]), Buffer.alloc(PIECE)]);
const MASKED = Buffer.concat([Buffer.from([0x82, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.alloc(PIECE)]);

let up: RecordingUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  up = await startRecordingUpstream(({ socket, received }) => {
    if (!received.startsWith("GET /late ")) socket.write(SWITCHING);
  });
  gateway = await startTestGateway({
    connections: { sendTimeout: "1s" },
    upstreams: { up: { targets: [up.url] } },
    routes: [{ path: "/*", upstream: "up", access: "public", websocket: true }],
  });
});

/** Both ends of a WebSocket through the gateway. */
async function open(): Promise<{ readonly client: Socket; readonly there: RecordedConnection }> {
  const index = up.connections.length;
  const client = connect(gateway.port, "127.0.0.1");
  client.on("error", () => {});
  client.write(HANDSHAKE);
  await once(client, "data");
  return { client, there: await up.connection(index) };
}

/** Sends the same over and over, as fast as it is taken. */
function sendForEver(socket: Socket, frame: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(frame));
  };
  socket.on("error", () => {});
  socket.on("drain", more);
  more();
}

test("a client that takes nothing is let go, and its service with it; one to which nothing is said is not", async () => {
  const quiet = await open();
  const { client, there } = await open();
  client.pause();
  sendForEver(there.socket, FRAME);
  await there.until(({ closed }) => closed);
  // What is left in between is not taken for all there was: the connection was reset.
  const cut = new Promise((resolve) => client.once("close", resolve));
  client.resume();
  expect(await cut).toBe(true);
  quiet.there.socket.write("\x81\x02hi", "latin1");
  expect(String(await once(quiet.client, "data"))).toContain("hi");
  quiet.client.destroy();
});

test("a client that has ended its side before its service answers is let go, and its service with it", async () => {
  const index = up.connections.length;
  const client = connect(gateway.port, "127.0.0.1");
  client.write(HANDSHAKE.replace("/ws", "/late"));
  const there = await up.connection(index);
  client.end();
  await once(client, "finish");
  // What came before this has been seen by then.
  (await open()).client.destroy();
  const closed = once(client, "close");
  client.resume();
  there.socket.write(SWITCHING);
  await there.until((connection) => connection.closed);
  await closed;
});

test("of a service that takes nothing, its client is told: 1011", async () => {
  const { client, there } = await open();
  there.socket.pause();
  let received = "";
  client.setEncoding("latin1").on("data", (chunk: string) => {
    received += chunk;
  });
  sendForEver(client, MASKED);
  await waitUntil(
    () => `the client has ${JSON.stringify(received)}`,
    () => received === "\x88\x02\x03\xf3",
  );
  client.destroy();
  there.socket.resume();
  await there.until(({ closed }) => closed);
});

test("a client that takes what it is sent after a while loses nothing", async () => {
  const { client, there } = await open();
  const frames = 200;
  client.pause();
  for (let sent = 0; sent < frames; sent++) there.socket.write(FRAME);
  // The gateway has stopped to read: what it has not taken waits at the service.
  await waitUntil(
    () => "nothing waits",
    () => there.socket.writableLength > 0,
  );
  let received = 0;
  client.on("data", (chunk) => {
    received += chunk.length;
  });
  client.resume();
  await waitUntil(
    () => `${received} bytes have come`,
    () => received === frames * FRAME.length,
  );
  expect([client.closed, there.closed]).toEqual([false, false]);
  client.destroy();
});

/**
 * Whether the system asks by itself whether the other end is still there, after a minute: the timer of keepalive runs (proc_net_tcp: `tr`
 * is 2), and has so many hundredths of a second left.
 */
async function isAsked(localPort: number, remotePort: number): Promise<boolean> {
  const port = (at: string | undefined): number => Number.parseInt(at?.split(":")[1] ?? "", 16);
  const lines = (await readFile("/proc/net/tcp", "latin1")).split("\n").map((line) => line.trim().split(/\s+/));
  return lines.some(
    ([, local, remote, , , timer]) => port(local) === localPort && port(remote) === remotePort && isSoon(timer),
  );
}

function isSoon(timer = ""): boolean {
  const [kind, left = ""] = timer.split(":");
  return kind === "02" && Number.parseInt(left, 16) <= 6000;
}

test.skipIf(process.platform !== "linux")("both ends are asked whether they are still there", async () => {
  const { client, there } = await open();
  const ends = [
    [gateway.port, client.localPort ?? 0],
    [there.socket.remotePort ?? 0, Number(new URL(up.url).port)],
  ] as const;
  for (const [local, remote] of ends) {
    await waitUntil(
      () => `the connection from ${local} to ${remote} is not kept alive`,
      () => isAsked(local, remote),
      10_000,
    );
  }
  client.destroy();
});
