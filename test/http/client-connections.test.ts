// What clients do to their connections: keep them, let them stand, ask for more than there may be (RFC 9112 §9).
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { OK, type RecordedConnection, startRecordingUpstream } from "../support/recording-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startTestGateway } from "./proxy-gateway.ts";

async function start(
  connections: Readonly<Record<string, unknown>>,
  answer?: (connection: RecordedConnection) => void,
) {
  const up = await startRecordingUpstream(answer);
  const upstreams = { up: { targets: [up.url], maxConnections: 10_000, maxPending: 10_000 } };
  const gateway = await startTestGateway({
    connections,
    upstreams,
    routes: [{ path: "/*", upstream: "up", access: "public" }],
  });
  return { up, gateway };
}

interface Client {
  readonly socket: Socket;
  readonly received: () => string;
  /** Resolves with everything received when it is closed. */
  readonly closed: Promise<string>;
  ask(path: string): void;
  until(check: (text: string) => boolean): Promise<void>;
}

async function client(port: number): Promise<Client> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("error", () => {});
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  const closed = once(socket, "close").then(() => text);
  await once(socket, "connect");
  return {
    socket,
    received: () => text,
    closed,
    ask: (path) => void socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`),
    until: (check) =>
      waitUntil(
        () => `so far: ${text.slice(0, 500)}`,
        () => check(text),
        10_000,
      ),
  };
}

const answered = (text: string): boolean => text.endsWith("\r\n\r\nok");

describe("a client that takes nothing of its answer", () => {
  test.each(["1.1", "1.0"])("HTTP/%s: is let go, and who waits for a slow service is not", async (version) => {
    const { up, gateway } = await start({ sendTimeout: "1s" }, ({ socket, received }) => {
      if (!received.startsWith("GET /endless ")) return;
      const more = () => {
        while (!socket.destroyed && socket.write("x".repeat(65_536)));
      };
      socket.on("drain", more);
      socket.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
      more();
    });
    const patient = await client(gateway.port);
    patient.ask("/slow");
    const slow = await up.connection(0);
    const lazy = connect(gateway.port, "127.0.0.1");
    lazy.on("error", () => {});
    lazy.pause();
    lazy.write(`GET /endless HTTP/${version}\r\nHost: a\r\n\r\n`);
    await (await up.connection(1)).until(({ closed }) => closed);
    // What has come is not taken for the whole: the connection was reset.
    const cut = new Promise((resolve) => lazy.once("close", resolve));
    lazy.resume();
    expect(await cut).toBe(true);
    expect(patient.received()).toBe("");
    slow.socket.end(OK);
    await patient.until(answered);
    patient.socket.destroy();
  });
});

describe("at as many connections as there may be", () => {
  test("those close that have waited for a request the longest, and never one with a request under way", async () => {
    const held: RecordedConnection[] = [];
    const { up, gateway } = await start({ max: 10 }, (connection) => {
      if (connection.received.startsWith("GET /held ")) held.push(connection);
      else connection.socket.end(OK);
    });
    const busy = await client(gateway.port);
    busy.ask("/held");
    await up.connection(0);
    const halfAHead = await client(gateway.port);
    halfAHead.socket.write("GET / HTTP/1.1\r\nHost:");
    const idle: Client[] = [];
    for (let index = 0; index < 8; index++) {
      const one = await client(gateway.port);
      one.ask(`/${index}`);
      await one.until(answered);
      idle.push(one);
    }
    // The first of them has a second request, and so is the last that would go.
    const [first, second, ...others] = idle;
    first?.ask("/again");
    await first?.until((text) => text.split("HTTP/1.1 200").length === 3 && answered(text));
    for (const leaving of [halfAHead, second]) {
      const next = await client(gateway.port);
      await leaving?.closed;
      next.ask("/next");
      await next.until(answered);
    }
    expect([busy, first, ...others].map((one) => one?.socket.closed)).not.toContain(true);
    held[0]?.socket.end(OK);
    await busy.until(answered);
    for (const { socket } of [busy, ...idle]) socket.destroy();
  });

  test("new ones are refused where all of them have requests under way", async () => {
    const held: RecordedConnection[] = [];
    const { gateway } = await start({ max: 10 }, (connection) => void held.push(connection));
    const busy: Client[] = [];
    for (let index = 0; index < 10; index++) {
      const one = await client(gateway.port);
      one.ask("/");
      busy.push(one);
    }
    await waitUntil(
      () => `${held.length} requests have come`,
      () => held.length === 10,
    );
    expect(await (await client(gateway.port)).closed).toBe("");
    held[0]?.socket.end(OK);
    await busy[0]?.until(answered);
    busy[0]?.socket.destroy();
    await busy[0]?.closed;
    for (const { socket } of busy) socket.destroy();
  });
});

test("requests that come all at once are passed on up to a bound; who sent more asks again, on another connection", async () => {
  const held: RecordedConnection[] = [];
  const { gateway } = await start({}, (connection) => void held.push(connection));
  const greedy = await client(gateway.port);
  greedy.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000));
  await waitUntil(
    () => `${held.length} requests have come`,
    () => held.length >= 100,
  );
  // Whoever comes later is told the same way, so that nothing of the first is still on its way.
  const other = await client(gateway.port);
  other.ask("/other");
  await waitUntil(
    () => "the other's request has not come",
    () => held.some(({ received }) => received.startsWith("GET /other ")),
  );
  expect(held).toHaveLength(101);
  for (const { socket } of held) socket.end(OK);
  const answers = (await greedy.closed).split("HTTP/1.1 200").slice(1);
  expect(answers).toHaveLength(100);
  expect(answers.map((answer) => /\r\nConnection: close\r\n/i.test(answer)).indexOf(true)).toBe(99);
  other.socket.destroy();
});
