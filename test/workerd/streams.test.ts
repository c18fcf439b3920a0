import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { closeFrame } from "../../src/proxy/websocket-frames.ts";
import { Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

let worker: WorkerProcess;
/** Responses that the upstream has begun, newest last. */
const begun: ServerResponse[] = [];
/** Codes that the upstream's WebSockets were closed with. */
const closes: number[] = [];
const upgrades: NodeJS.Dict<string | string[]>[] = [];

async function startUpstream(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === "/api/echo") {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      request.pipe(response);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: one\n\n");
    begun.push(response);
  });
  const webSockets = new WebSocketServer({ server, handleProtocols: (offered) => offered.has("chat") && "chat" });
  webSockets.on("connection", (socket, { headers }) => {
    upgrades.push(headers);
    socket.on("close", (code) => void closes.push(code));
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  const { port } = await listen(server);
  return `http://127.0.0.1:${port}`;
}

async function loggedIn(): Promise<Browser> {
  const browser = new Browser(worker.url);
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  return browser;
}

beforeAll(async () => {
  const target = await startUpstream();
  worker = await startWorker({
    roles: ROLES,
    upstreams: { up: { targets: [target] } },
    routes: [
      { path: "/api/*", upstream: "up", websocket: true },
      { path: "/open/*", upstream: "up", access: "public", websocket: true },
      { path: "/closed", upstream: "up", access: "public" },
    ],
  });
  await worker.addUser(ALICE.name, ALICE.password, ["user"]);
});

const socketTo = (path: string, protocols: string[], headers: Readonly<Record<string, string>> = {}): WebSocket =>
  new WebSocket(worker.url.replace("http", "ws") + path, protocols, { headers });

describe("bodies", () => {
  test("a body goes up while its answer comes down", async () => {
    const { accessToken } = await loggedIn();
    const headers = { authorization: `Bearer ${accessToken}` };
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const up: RequestInit & { duplex: "half" } = { method: "POST", headers, body: readable, duplex: "half" };
    const answered = fetch(`${worker.url}/api/echo`, up);
    void writer.write(new TextEncoder().encode("first "));
    const reader = (await answered).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("first ");
    void writer.write(new TextEncoder().encode("second"));
    expect((await reader?.read())?.value).toBe("second");
    void writer.close();
    expect((await reader?.read())?.done).toBe(true);
  });

  test("an event stream comes piece by piece, and is cut when its session ends", async () => {
    const browser = await loggedIn();
    const headers = { authorization: `Bearer ${browser.accessToken}` };
    const answer = await fetch(`${worker.url}/api/events`, { headers });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("data: one\n\n");
    const upstream = begun.at(-1);
    if (upstream === undefined) throw new Error("the upstream was not asked");
    const gone = once(upstream, "close");
    upstream.write("data: two\n\n");
    expect((await reader?.read())?.value).toBe("data: two\n\n");
    expect((await browser.fetch("/auth/logout", { method: "POST" })).status).toBe(204);
    // Not as if it were whole, and the upstream's part with it.
    await expect(reader?.read()).rejects.toThrow();
    await gone;
  });
});

describe("WebSockets", () => {
  test("echo text and bytes, with a subprotocol and without the token", async () => {
    const { accessToken } = await loggedIn();
    const socket = socketTo("/api/ws", ["postern.bearer", accessToken ?? "", "chat"]);
    await once(socket, "open");
    expect(socket.protocol).toBe("chat");
    const headers = upgrades.at(-1);
    expect([headers?.["sec-websocket-protocol"], headers?.["x-auth-name"]]).toEqual(["chat", ALICE.name]);
    for (const sent of ["héllo", Buffer.alloc(200_000, 7)]) {
      socket.send(sent);
      const [data, binary] = await once(socket, "message");
      expect([binary, Buffer.compare(data, Buffer.from(sent))]).toEqual([typeof sent !== "string", 0]);
    }
    socket.close(4000, "done");
    expect((await once(socket, "close"))[0]).toBe(4000);
  });

  test.each([1004, 1015, 999, 65_535])(
    "closed with %i, which may not be sent on: the service's end closes too",
    async (code) => {
      const { accessToken } = await loggedIn();
      const seen = closes.length;
      const socket = socketTo("/api/ws", ["postern.bearer", accessToken ?? ""]);
      socket.on("error", () => {});
      socket.once("upgrade", ({ socket: connection }) => {
        socket.once("open", () => connection.write(closeFrame(code, "", Uint8Array.of(1, 2, 3, 4))));
      });
      await waitUntil(
        () => "the service's end is open",
        () => closes.length > seen,
      );
      socket.terminate();
    },
  );

  test("a browser that offers nothing but its token is answered with the name that announces it", async () => {
    const { accessToken } = await loggedIn();
    const socket = socketTo("/api/ws", ["postern.bearer", accessToken ?? ""]);
    await once(socket, "open");
    expect(socket.protocol).toBe("postern.bearer");
    socket.terminate();
  });

  test("on a public route nothing stands between", async () => {
    const socket = socketTo("/open/ws", []);
    await once(socket, "open");
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("hello");
    socket.close();
    await once(socket, "close");
  });

  test("not without a login, nor where a route has none", async () => {
    const status = async (socket: WebSocket) => (await once(socket, "unexpected-response"))[1].statusCode;
    expect(await status(socketTo("/api/ws", []))).toBe(401);
    expect(await status(socketTo("/closed", []))).toBe(403);
  });

  test("closed with 4401 when the session ends", async () => {
    const browser = await loggedIn();
    const socket = socketTo("/api/ws", [], { authorization: `Bearer ${browser.accessToken}` });
    await once(socket, "open");
    const closed = once(socket, "close");
    await browser.fetch("/auth/logout", { method: "POST" });
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4401, "token_revoked"]);
  });
});
