import { once } from "node:events";
import { createServer } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { freePort } from "../support/free-port.ts";
import { listen } from "../support/listen.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type Proxied, startProxied } from "./proxied.ts";

/** A service that echoes; `protocols` are those that it speaks. */
const startEcho = async (...protocols: string[]) => {
  const server = createServer((_request, response) => response.writeHead(418).end("tea"));
  const requests: { url: string | undefined; headers: NodeJS.Dict<string | string[]>; rawHeaders: string[] }[] = [];
  const sockets: WebSocket[] = [];
  const webSockets = new WebSocketServer({
    server,
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
    verifyClient: ({ req }, done) => done(req.url !== "/ws/teapot", 418, "tea"),
  });
  webSockets.on("connection", (socket, { url, headers, rawHeaders }) => {
    requests.push({ url, headers, rawHeaders });
    sockets.push(socket);
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  const { port } = await listen(server);
  return { requests, sockets, url: `http://127.0.0.1:${port}` };
};

let echo: Awaited<ReturnType<typeof startEcho>>;
let chat: Awaited<ReturnType<typeof startEcho>>;
let gateway: Proxied;
beforeAll(async () => {
  [echo, chat] = [await startEcho(), await startEcho("chat.v2")];
  const dead = `http://127.0.0.1:${await freePort()}`;
  gateway = await startProxied((up) => ({
    upstreams: {
      echo: { targets: [echo.url] },
      chat: { targets: [chat.url] },
      up: { targets: [up] },
      dead: { targets: [dead] },
    },
    routes: [
      { path: "/ws/*", upstream: "echo", access: "required", websocket: true },
      { path: "/chat", upstream: "chat", access: "required", websocket: true },
      { path: "/open", upstream: "echo", access: "public", websocket: true },
      { path: "/up/*", upstream: "up", access: "required", websocket: true },
      { path: "/recorded", upstream: "up", access: "public", websocket: true },
      { path: "/plain", upstream: "up", access: "public" },
      { path: "/dead", upstream: "dead", access: "public", websocket: true },
    ],
  }));
});

const open = async (
  path: string,
  protocols: string[] = [],
  headers: Record<string, string> = {},
  { port }: Proxied = gateway,
) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers });
  await once(socket, "open");
  return socket;
};
/** The service's end of the socket that was opened last. */
const theirs = async (before: number): Promise<WebSocket> => {
  await waitUntil(
    () => "the service has no socket",
    () => echo.sockets.length > before,
  );
  return echo.sockets[before] as WebSocket;
};
const echoed = async (socket: WebSocket, text: string) => {
  socket.send(text);
  const [data] = await once(socket, "message");
  return String(data);
};

const handshake = (path: string, ...lines: string[]) =>
  [
    `GET ${path} HTTP/1.1`,
    ...["Host: a", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
    ...["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ...lines, "", ""],
  ].join("\r\n");

describe("a WebSocket", () => {
  test("is joined to its upstream, as who the token says", async () => {
    const before = echo.requests.length;
    const socket = await open("/ws/a?b", [], { Authorization: `Bearer ${gateway.token}`, "X-Auth-User": "root" });
    expect(await echoed(socket, "hello")).toBe("hello");
    const big = "x".repeat(2_000_000);
    expect(await echoed(socket, big)).toBe(big);
    expect(echo.requests).toHaveLength(before + 1);
    const request = echo.requests[before];
    expect(request?.url).toBe("/ws/a?b");
    expect(request?.headers).toMatchObject({ "x-auth-user": gateway.sub, "x-forwarded-for": "127.0.0.1" });
    expect(request?.headers.authorization).toBeUndefined();
    socket.terminate();
    const told = (await gateway.gateway.observed()).filter(({ kind }) => kind === "request");
    expect(told.at(-1)).toMatchObject({ route: "/ws/*", outcome: "proxied", status: 101 });
  });

  test.each(["/open", "/ws/a"])("ends on both sides, whoever ends it: %s", async (path) => {
    const headers = { Authorization: `Bearer ${gateway.token}` };
    let before = echo.sockets.length;
    const first = await open(path, [], headers);
    const firstEnd = once(await theirs(before), "close");
    first.close(4000, "done");
    const [code, reason] = await firstEnd;
    expect([code, String(reason)]).toEqual([4000, "done"]);

    before = echo.sockets.length;
    const second = await open(path, [], headers);
    (await theirs(before)).close(4001, "bye");
    expect((await once(second, "close"))[0]).toBe(4001);
  });

  test("that breaks off is broken off on the other side", async () => {
    let before = echo.sockets.length;
    const first = await open("/open");
    const firstEnd = once(await theirs(before), "close");
    first.terminate();
    expect((await firstEnd)[0]).toBe(1006);

    before = echo.sockets.length;
    const second = await open("/open");
    (await theirs(before)).terminate();
    expect((await once(second, "close"))[0]).toBe(1006);
  });

  test("is cut when the gateway ends", async () => {
    const ending = await startProxied(() => ({
      upstreams: { echo: { targets: [echo.url] } },
      routes: [{ path: "/open", upstream: "echo", access: "public", websocket: true }],
    }));
    const before = echo.sockets.length;
    const socket = await open("/open", [], {}, ending);
    const ends = [once(socket, "close"), once(await theirs(before), "close")];
    await ending.close();
    await Promise.all(ends);
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });

  test("what comes with the handshake is not lost", async () => {
    // "hi" in a masked text frame (RFC 6455 §5.7), its mask all zeros.
    const frame = "\x81\x82\0\0\0\0hi";
    const answer = await rawRequest(gateway.url, handshake("/open") + frame, (text) => text.endsWith("\x81\x02hi"));
    expect(answer.status).toBe(101);
  });
});

describe("refusals come before the upstream is asked", () => {
  test.each<[string, number, string]>([
    ["without a token", 401, handshake("/up/a")],
    ["with a bad token", 401, handshake("/up/a", "Authorization: Bearer bad")],
    ["where the route takes none", 403, handshake("/plain")],
    ["where there is no route", 404, handshake("/nowhere")],
    ["by an ambiguous path", 400, handshake("/up//a")],
    ["with a body", 400, `${handshake("/recorded", "Content-Length: 5")}hello`],
    ["with two Hosts", 400, handshake("/recorded", "Host: b")],
    ["by h2c beside it", 400, handshake("/recorded").replace("websocket", "websocket, h2c")],
  ])("%s: %d", async (_what, status, bytes) => {
    const up = gateway.scene();
    const answer = await rawRequest(gateway.url, bytes, (text) => text.includes("}"));
    expect(answer.status).toBe(status);
    expect(answer.text).toContain("application/problem+json");
    expect(up.connections).toHaveLength(0);
  });

  test("an absolute target does not choose the upstream", async () => {
    const up = gateway.scene();
    const canary = await startRecordingUpstream();
    await rawRequest(gateway.url, handshake(`${canary.url}/recorded`), (text) => text.endsWith("ok"));
    expect(canary.connections).toHaveLength(0);
    expect(up.heads()[0]?.line).toBe("GET /recorded HTTP/1.1");
  });

  test("by POST it is an ordinary request", async () => {
    const up = gateway.scene();
    await rawRequest(
      gateway.url,
      handshake("/recorded", "Content-Length: 0").replace("GET", "POST").replace("Upgrade\r\n", "Upgrade, close\r\n"),
    );
    expect(up.connections[0]?.received).not.toMatch(/upgrade:/i);
  });
});

describe("subprotocols", () => {
  const protocolsSeen = (requests: { headers: NodeJS.Dict<string | string[]> }[]) =>
    requests[0]?.headers["sec-websocket-protocol"];

  test("the pair that carries the token is removed, and confirmed where nothing else is chosen", async () => {
    const before = echo.requests.length;
    const socket = await open("/ws/a", ["postern.bearer", gateway.token]);
    const seen = echo.requests.slice(before);
    expect(protocolsSeen(seen)).toBeUndefined();
    expect(socket.protocol).toBe("postern.bearer");
    expect(seen[0]?.headers["x-auth-user"]).toBe(gateway.sub);
    expect(seen[0]?.rawHeaders.join()).not.toContain(gateway.token);
    socket.terminate();
  });

  test("the upstream chooses among the others", async () => {
    const socket = await open("/chat", ["postern.bearer", gateway.token, "chat.v1", "chat.v2"]);
    expect(protocolsSeen(chat.requests)).toBe("chat.v1, chat.v2");
    expect(socket.protocol).toBe("chat.v2");
    socket.terminate();
  });
});

describe("an upstream that does not change over", () => {
  test("its answer is passed on", async () => {
    const answer = await rawRequest(gateway.url, handshake("/ws/teapot", gateway.bearer), (text) =>
      text.endsWith("tea"),
    );
    expect(answer.status).toBe(418);
  });

  test("502 where it changes to something else", async () => {
    const up = gateway.scene(({ socket }) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    });
    expect((await rawRequest(gateway.url, handshake("/recorded"), (text) => text.includes("\r\n\r\n"))).status).toBe(
      502,
    );
    await (await up.connection(0)).until(({ closed }) => closed);
  });

  test("502 where it cannot be reached", async () => {
    expect((await rawRequest(gateway.url, handshake("/dead"), (text) => text.includes("}"))).status).toBe(502);
  });
});
