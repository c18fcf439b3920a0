import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type RecordedConnection, startRecordingUpstream } from "../support/recording-upstream.ts";
import { type StreamingUpstream, startStreamingUpstream } from "../support/streaming-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startTestGateway, type TestGateway } from "./proxy-gateway.ts";

const ALICE = { Authorization: "Bearer good-alice" };
const ROUTES = [
  { path: "/*", upstream: "up", access: "required", websocket: true },
  { path: "/open/*", upstream: "up", access: "public", websocket: true },
];
const startGateway = (url: string) => startTestGateway({ upstreams: { up: { targets: [url] } }, routes: ROUTES });

let upstream: StreamingUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startStreamingUpstream();
  gateway = await startGateway(upstream.url);
});

const openSocket = async (path = "/ws", at = gateway): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://127.0.0.1:${at.port}${path}`, { headers: ALICE });
  await once(socket, "open");
  return socket;
};
const closed = async (socket: WebSocket | undefined): Promise<[number, string]> => {
  const [code, reason] = await once(socket as WebSocket, "close");
  return [code, String(reason)];
};
/** Unlike `once`, whether or not there is an error before. */
const closeOf = (stream: IncomingMessage | ServerResponse | Socket): Promise<void> =>
  new Promise((resolve) => stream.once("close", () => resolve()));
const cutAll = ({ streams } = gateway): void => {
  for (const stream of streams.open) stream.cut("token_revoked");
};

describe("a WebSocket", () => {
  test("under a token is told of, and no longer when it has ended", async () => {
    const socket = await openSocket();
    expect([...gateway.streams.open]).toMatchObject([{ streamKind: "websocket", principal: { sub: "alice" } }]);
    socket.close();
    await once(socket, "close");
    await waitUntil(
      () => "the stream is still told of",
      () => gateway.streams.open.size === 0,
    );
  });

  test("without one is not", async () => {
    const before = gateway.streams.all.length;
    const socket = await openSocket("/open/ws");
    expect(gateway.streams.all).toHaveLength(before);
    socket.terminate();
  });

  test("that is cut is closed with 4401 on both sides, and says why", async () => {
    const socket = await openSocket();
    const ends = Promise.all([closed(socket), closed(upstream.sockets.at(-1))]);
    cutAll();
    expect(await ends).toEqual([
      [4401, "token_revoked"],
      [4401, "token_revoked"],
    ]);
  });

  test("carries large compressed messages both ways, whole", async () => {
    const socket = await openSocket();
    expect(socket.extensions).toContain("permessage-deflate");
    const message = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(3_000_000)]);
    socket.send(message);
    socket.send("and a small one");
    const [big] = (await once(socket, "message")) as [Buffer];
    expect(big.equals(message)).toBe(true);
    expect(String((await once(socket, "message"))[0])).toBe("and a small one");
    socket.terminate();
  });

  test("is cut between the fragments of a message as well", async () => {
    const socket = await openSocket();
    const there = upstream.sockets.at(-1) as WebSocket;
    const ping = once(socket, "ping");
    there.send("the first half", { fin: false, compress: false });
    there.ping();
    await ping;
    const end = closed(socket);
    cutAll();
    expect(await end).toEqual([4401, "token_revoked"]);
  });

  test("is told when the gateway goes away", async () => {
    const leaving = await startGateway(upstream.url);
    const socket = await openSocket("/ws", leaving);
    const open = await openSocket("/open/ws", leaving);
    const there = upstream.sockets.slice(-2);
    const ends = Promise.all([socket, open, ...there].map(closed));
    const stopped = leaving.listener.close(0);
    expect((await ends).map(([code]) => code)).toEqual([1001, 1001, 1001, 1001]);
    await stopped;
  });
});

const HANDSHAKE = [
  "GET /ws HTTP/1.1",
  ...["Host: a", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
  ...["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Authorization: Bearer good-alice", "", ""],
].join("\r\n");
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const CLOSE = `\x88\x0f\x11\x31token_revoked`;

/** A WebSocket of which a test writes each byte, on both sides. */
async function openRaw(allowHalfOpen = false) {
  const up = await startRecordingUpstream(({ socket }) => void socket.write(SWITCHING));
  const at = await startGateway(up.url);
  const socket = connect({ port: at.port, host: "127.0.0.1", allowHalfOpen });
  socket.on("error", () => {});
  const client = {
    socket,
    text: "",
    /** Resolves when what has come ends with this. */
    ends: (end: string) =>
      waitUntil(
        () => `the client has ${JSON.stringify(client.text)}`,
        () => client.text.endsWith(end),
      ),
  };
  socket.on("data", (chunk) => {
    client.text += chunk.toString("latin1");
  });
  socket.write(HANDSHAKE);
  await client.ends("\r\n\r\n");
  return { client, there: await up.connection(0), cut: () => cutAll(at) };
}
const latin1 = (socket: Socket, text: string): void => void socket.write(text, "latin1");
const untilGone = ({ socket }: { readonly socket: Socket }): Promise<unknown> =>
  socket.closed ? Promise.resolve() : closeOf(socket);

describe("a WebSocket that is cut, byte by byte", () => {
  test("the frame that has begun is finished, and nothing of the next one passes", async () => {
    const { client, there, cut } = await openRaw();
    latin1(there.socket, "\x81\x05he");
    await client.ends("he");
    cut();
    latin1(there.socket, "llo\x81\x02no");
    await untilGone(client);
    expect(client.text.endsWith(`\x81\x05hello${CLOSE}`)).toBe(true);
  });

  test("a frame of which much is missing is broken off", async () => {
    const { client, there, cut } = await openRaw();
    latin1(there.socket, `\x82\x7f\0\0\0\0\0\x10\0\0begun`);
    await client.ends("begun");
    cut();
    await untilGone(client);
    expect(client.text).toMatch(/begun$/);
    await untilGone(there);
  });

  test("nothing that the client sends passes, and no close frame into the middle of one of its frames", async () => {
    const { client, there, cut } = await openRaw();
    latin1(client.socket, "\x81\x85\0\0\0\0he");
    await there.until(({ received }) => received.endsWith("he"));
    cut();
    latin1(client.socket, "llo\x81\x82\0\0\0\0no");
    await there.until(({ closed }) => closed);
    expect(there.received.endsWith("\x81\x85\0\0\0\0he")).toBe(true);
    await client.ends(CLOSE);
  });

  test("after the service's own close frame there is no other", async () => {
    const { client, there, cut } = await openRaw();
    latin1(there.socket, "\x88\x02\x03\xe8");
    await client.ends("\x03\xe8");
    cut();
    await untilGone(client);
    expect(client.text.endsWith("\x88\x02\x03\xe8")).toBe(true);
  });

  test("a client that does not go is left", async () => {
    const { client, there, cut } = await openRaw(true);
    const reset = untilGone(client);
    cut();
    await client.ends(CLOSE);
    await untilGone(there);
    expect(client.socket.closed).toBe(false);
    // Whoever only listens hears nothing of a connection that is gone.
    const writing = setInterval(() => latin1(client.socket, "\x81\x82\0\0\0\0hi"), 50);
    await reset;
    clearInterval(writing);
  }, 15_000);
});

describe("a response", () => {
  const begun = async (path: string, at = gateway): Promise<IncomingMessage> => {
    const request = get(`${at.url}${path}`, { headers: ALICE });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.on("error", () => {});
    return response;
  };
  const serving = async (answer: (connection: RecordedConnection) => void) => {
    const up = await startRecordingUpstream(answer);
    return { up, at: await startGateway(up.url) };
  };
  const HEAD = "HTTP/1.1 200 OK\r\n";

  test("that is an event stream is told of while it is open, and what it sends comes at once", async () => {
    const response = await begun("/events");
    expect(String((await once(response, "data"))[0])).toContain("data: hello\n\n");
    expect([...gateway.streams.open]).toMatchObject([{ streamKind: "event_stream", principal: { sub: "alice" } }]);
    expect(String((await once(response, "data"))[0])).toBe("data: more\n\n");
    upstream.responses.at(-1)?.end();
    await once(response, "end");
    await waitUntil(
      () => "the stream is still told of",
      () => gateway.streams.open.size === 0,
    );
  });

  test("that is cut can't be taken for whole, and its upstream is told", async () => {
    const response = await begun("/events");
    await once(response, "data");
    const ends = Promise.all([response, upstream.responses.at(-1) as ServerResponse].map(closeOf));
    cutAll();
    await ends;
    expect(response.complete).toBe(false);
  });

  test("of HTTP/1.0, which ends with its connection, is ended by a reset", async () => {
    const socket = connect(gateway.port, "127.0.0.1");
    const failed = once(socket, "error");
    socket.write("GET /events HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer good-alice\r\n\r\n");
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    await waitUntil(
      () => text,
      () => text.includes("hello"),
    );
    cutAll();
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  test("without a known length is told of before anything of its content has come", async () => {
    const { at } = await serving(({ socket }) => void socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`));
    const response = await begun("/slow", at);
    expect([...at.streams.open]).toMatchObject([{ streamKind: "response" }]);
    response.destroy();
  });

  test("of a known length is told of when it is long", async () => {
    const { at } = await serving(({ socket }) => {
      socket.write(`${HEAD}Content-Length: 100000000\r\n\r\n`);
      socket.write(Buffer.alloc(50_000_000));
    });
    const response = await begun("/download", at);
    response.resume();
    await waitUntil(
      () => "the download is not told of",
      () => at.streams.open.size === 1,
    );
    expect([...at.streams.open]).toMatchObject([{ streamKind: "download" }]);
    const end = closeOf(response);
    cutAll(at);
    await end;
    expect(response.complete).toBe(false);
  });

  test.each([
    ["of a known length", `${HEAD}Content-Length: 2\r\n\r\nok`],
    ["that is there at once, in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n`],
    ["without content", "HTTP/1.1 204 No Content\r\n\r\n"],
  ])("%s is not told of", async (_what, bytes) => {
    const { at } = await serving(({ socket }) => void socket.write(bytes));
    const response = await begun("/short", at);
    response.resume();
    await once(response, "end");
    expect(at.streams.all).toEqual([]);
  });

  test("on a public route is not", async () => {
    const before = gateway.streams.all.length;
    const response = await begun("/open/events");
    await once(response, "data");
    expect(gateway.streams.all).toHaveLength(before);
    response.destroy();
  });
});
