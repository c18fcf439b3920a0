import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import type { UpstreamClient } from "../../../../../src/runtime/node/upstream/client.ts";
import { selfSigned } from "../../../../support/certificates.ts";
import { listen } from "../../../../support/listen.ts";
import { startRecordingUpstream } from "../../../../support/recording-upstream.ts";
import { Asking, ask, bodyFrom, clientFor } from "./ask.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

/** A service that answers each request head with the number of its connection and of the request on it, or as told. */
async function service(answer: (path: string, socket: Socket) => string | null = () => null) {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    const number = connections.push(socket) - 1;
    let requests = 0;
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      for (const head of bytes.toString("latin1").split("\r\n\r\n").slice(0, -1)) {
        const [method, path = ""] = head.split(" ");
        socket.write(answer(path, socket) ?? `${OK}${method === "HEAD" ? "" : `${number}${requests}`}`);
        requests++;
      }
    });
  });
  const { port, close } = await listen(server);
  const client = clientFor(`http://127.0.0.1:${port}`);
  closing.push(async () => {
    client.destroy();
    for (const socket of connections) socket.destroy();
    await close();
  });
  return { client, connections, body: async (path = "/") => (await ask(client, { path })).body };
}

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0)) await close();
});

const failureOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => "none",
    (error: unknown) => (error instanceof Error && "failure" in error ? error.failure : error),
  );

describe("connections", () => {
  test("are kept, after HEAD too", async () => {
    const { client, body } = await service();
    expect(await body()).toBe("00");
    expect(await ask(client, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    expect(await body()).toBe("02");
  });

  test("are opened for requests at once, and the one used last is taken first", async () => {
    const { client, body } = await service();
    expect((await Promise.all([body(), body(), body()])).sort()).toEqual(["00", "10", "20"]);
    const last = (await Promise.all([body(), ask(client, { path: "/" }).then(({ body: text }) => text)])).at(-1);
    expect((await body())[0]).toBe(last?.[0]);
  });

  test.each<[string, string]>([
    ["says so", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
    ["says that it keeps them for a second", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok"],
    ["sends a second response", `${OK}ok${OK}no`],
    ["sends one byte more", `${OK}ok!`],
    ["sends a body with 204", "HTTP/1.1 204 No Content\r\n\r\nno"],
  ])("serve nobody else where the upstream %s", async (_what, response) => {
    const { connections, body } = await service((path) => (path === "/odd" ? response : null));
    await body("/odd");
    expect(await body()).toBe("10");
    expect(await body()).toBe("11");
    expect(connections).toHaveLength(2);
  });

  test("on which something comes that nobody asked for are given up", async () => {
    const { connections, body } = await service();
    expect(await body()).toBe("00");
    connections[0]?.write(`${OK}no`);
    await once(connections[0] as Socket, "close");
    expect(await body()).toBe("10");
  });

  test("that the upstream ends while they lie idle are not used again", async () => {
    const { connections, body } = await service();
    expect(await body()).toBe("00");
    connections[0]?.end();
    await once(connections[0] as Socket, "close");
    expect(await body()).toBe("10");
  });

  test("lie idle for so long only, and end with their client", async () => {
    const { client, connections, body } = await service();
    expect(await body()).toBe("00");
    const asking = new Asking(client, { path: "/" });
    client.destroy();
    expect(await failureOf(asking.answer)).toBe(null);
    await Promise.all(connections.map((socket) => socket.closed || once(socket, "close")));
  });
});

describe("a request", () => {
  test("is written as it is told", async () => {
    const up = await startRecordingUpstream(({ socket }) => socket.write(`${OK}ok`));
    const client = clientFor(up.url);
    await ask(client, {
      method: "DELETE",
      path: "/a?b=%20",
      host: "example.com",
      headers: ["X-A", "1\xe9", "x-a", ""],
    });
    expect(up.connections[0]?.received).toBe(
      "DELETE /a?b=%20 HTTP/1.1\r\nhost: example.com\r\nX-A: 1\xe9\r\nx-a: \r\n\r\n",
    );
    client.destroy();
    const another = clientFor(up.url);
    await ask(another, { method: "POST" });
    expect(up.connections[1]?.received).toMatch(/^POST \/ HTTP\/1\.1\r\n.*\r\ncontent-length: 0\r\n\r\n$/s);
    another.destroy();
  });

  test.each(["a\r\nX: 1", "a\nX: 1", "a\rX: 1", "a\0", "a\u010aX: 1", "\u{1f600}"])(
    "with %j in a header is sent to nobody",
    async (value) => {
      const up = await startRecordingUpstream();
      const client = clientFor(up.url);
      expect(await failureOf(ask(client, { headers: ["X-A", value] }))).toBe(null);
      expect(await failureOf(ask(client, { path: `/${value}` }))).toBe(null);
      expect(await failureOf(ask(client, { host: value }))).toBe(null);
      for (const { received } of up.connections) expect(received).toBe("");
      client.destroy();
    },
  );

  test("with a body of unknown length is sent in chunks, one with a length as it is", async () => {
    const up = await startRecordingUpstream((connection) => {
      void connection
        .until(({ received }) => received.endsWith("lo") || received.endsWith("0\r\n\r\n"))
        .then(({ socket }) => socket.write(`${OK}ok`));
    });
    const client = clientFor(up.url);
    const body = () => bodyFrom(Readable.from([Buffer.from("hel"), Buffer.from("lo")]));
    await ask(client, { method: "POST", body: body() });
    expect(up.connections[0]?.received).toMatch(/transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n$/);
    client.destroy();
    const another = clientFor(up.url);
    await ask(another, { method: "POST", body: body(), length: "5" });
    expect(up.connections[1]?.received).toMatch(/content-length: 5\r\n\r\nhello$/);
    another.destroy();
  });

  test.each(["4", "6"])("whose body is not as long as it says (%s for 5) fails", async (length) => {
    const up = await startRecordingUpstream(() => {});
    const client = clientFor(up.url);
    const body = bodyFrom(Readable.from([Buffer.from("hello")]));
    expect(await failureOf(ask(client, { method: "POST", body, length }))).toBe(null);
    expect((await (await up.connection(0)).until(({ closed }) => closed)).received).not.toMatch(/hello./s);
  });

  test("that is answered before its body is whole sends no more of it, on a connection that serves nobody else", async () => {
    const { client, connections, body } = await service((path) => (path === "/early" ? `${OK}no` : null));
    const upload = new PassThrough();
    upload.write("some");
    expect(await ask(client, { method: "POST", path: "/early", body: bodyFrom(upload) })).toMatchObject({ body: "no" });
    expect(upload.destroyed).toBe(true);
    // At once: later the connection might have been closed for lying idle.
    expect(await body()).toBe("10");
    await (connections[0]?.closed || once(connections[0] as Socket, "close"));
  });

  test("that is given up ends its connection, and is told of nothing more", async () => {
    const { client, connections } = await service(() => `${OK}o`);
    const asking = new Asking(client);
    await asking.begun;
    const { events } = asking;
    asking.connection.abort(asking);
    connections[0]?.write("k");
    await once(connections[0] as Socket, "close");
    expect(asking.events).toBe(events);
  });

  test("can't be given up by another's handler", async () => {
    const { client } = await service();
    const first = new Asking(client);
    await first.answer;
    const second = new Asking(client);
    expect(second.connection).toBe(first.connection);
    first.connection.abort(first);
    expect((await second.answer).body).toBe("01");
  });
});

describe("what fails", () => {
  test.each<[string, string, string]>([
    ["no response", "", "closed"],
    ["half a head", "HTTP/1.1 200 OK\r\nX", "closed"],
    ["garbage", "hello\r\n\r\n", "bad_response"],
    ["half a body", `${OK}o`, "body"],
    ["half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", "body"],
  ])("%s", async (_what, response, failure) => {
    const up = await startRecordingUpstream(({ socket }) => socket.end(response, "latin1"));
    expect(await failureOf(ask(clientFor(up.url)))).toBe(failure);
  });

  test("a reset in the midst of a body that only the connection's end would end", async () => {
    const up = await startRecordingUpstream(({ socket }) => socket.write("HTTP/1.1 200 OK\r\n\r\nhalf"));
    const asking = new Asking(clientFor(up.url));
    expect(await asking.begun).toBe("half");
    up.connections[0]?.socket.resetAndDestroy();
    expect(await failureOf(asking.answer)).toBe("body");
  });

  test("nobody there", async () => {
    const up = await startRecordingUpstream();
    await up.close();
    expect(await failureOf(ask(clientFor(up.url)))).toBe("connect");
  });

  test("no response in time, however much of a head comes", async () => {
    const drips: NodeJS.Timeout[] = [];
    const up = await startRecordingUpstream(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\nX: ");
      drips.push(setInterval(() => socket.write("x"), 5));
    });
    const client = clientFor(up.url, { responseTimeout: 50 });
    expect(await failureOf(ask(client))).toBe("response_timeout");
    for (const drip of drips) clearInterval(drip);
  });

  test("no more of a body in time; but a client that takes none of it is waited for", async () => {
    const up = await startRecordingUpstream(({ socket }) => socket.write(`${OK}o`));
    const client = clientFor(up.url, { idleTimeout: 50 });
    const stuck = new Asking(client);
    const slow = new Asking(client);
    await slow.begun;
    slow.connection.pause(slow);
    expect(await failureOf(stuck.answer)).toBe("idle_timeout");
    expect(slow.connection.waitsFor).toBe(null);
    for (const { socket } of up.connections) socket.write("k");
    slow.connection.resume(slow);
    expect((await slow.answer).body).toBe("ok");
    client.destroy();
  });

  test("no handshake in time", async () => {
    const { port, close } = await listen(createServer((socket) => void socket.on("error", () => {}).resume()));
    const client = clientFor(`https://127.0.0.1:${port}`, { connectTimeout: 50 });
    expect(await failureOf(ask(client))).toBe("connect_timeout");
    await close();
  });
});

test("HTTPS: the certificate is checked, and connections are kept", async () => {
  const { key, cert } = await selfSigned("localhost");
  const server = createTlsServer({ key, cert }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write(`${OK}ok`));
  });
  let handshakes = 0;
  server.on("secureConnection", () => handshakes++);
  const { port, close } = await listen(server);
  const origin = `https://localhost:${port}`;
  expect(await failureOf(ask(clientFor(origin)))).toBe("connect");
  expect(await failureOf(ask(clientFor(origin, { tls: { ca: cert, servername: "other.example" } })))).toBe("connect");
  const client: UpstreamClient = clientFor(origin, { tls: { ca: cert } });
  const before = handshakes;
  expect((await ask(client)).body).toBe("ok");
  expect((await ask(client)).body).toBe("ok");
  expect(handshakes).toBe(before + 1);
  client.destroy();
  await close();
});

test("a change of protocols hands over the connection, with what has come already", async () => {
  const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nfirst";
  const up = await startRecordingUpstream(({ socket }) => socket.write(switching));
  const { socket, status } = await ask(clientFor(up.url), { upgrade: true });
  expect(status).toBe(101);
  expect(up.connections[0]?.received).toMatch(/\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n$/);
  const first = once(socket as Socket, "data");
  socket?.resume();
  expect(String((await first)[0])).toBe("first");
  up.connections[0]?.socket.write("second");
  expect(String((await once(socket as Socket, "data"))[0])).toBe("second");
  socket?.destroy();
});
