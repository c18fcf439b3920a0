import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { listen } from "../support/listen.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { startTestGateway, type TestGateway } from "./proxy-gateway.ts";

const ROUTES = [
  { path: "/ws/*", upstream: "up", access: "required", websocket: true },
  { path: "/open", upstream: "up", access: "public", websocket: true },
  { path: "/plain", upstream: "up", access: "public" },
];

/** An upstream that echoes; `protocols` are those that it speaks. */
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
  const { port, close } = await listen(server);
  const gateway = await startTestGateway({
    upstreams: { up: { targets: [`http://127.0.0.1:${port}`] } },
    routes: ROUTES,
  });
  return { requests, sockets, gateway, close };
};

const open = async (
  gateway: TestGateway,
  path: string,
  protocols: string[] = [],
  headers: Record<string, string> = {},
) => {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, protocols, { headers });
  await once(socket, "open");
  return socket;
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
    const { requests, gateway } = await startEcho();
    const socket = await open(gateway, "/ws/a?b", [], { Authorization: "Bearer good-alice", "X-Auth-User": "root" });
    expect(await echoed(socket, "hello")).toBe("hello");
    const big = "x".repeat(2_000_000);
    expect(await echoed(socket, big)).toBe(big);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.url).toBe("/ws/a?b");
    expect(requests[0]?.headers).toMatchObject({ "x-auth-user": "alice", "x-forwarded-for": "127.0.0.1" });
    expect(requests[0]?.headers.authorization).toBeUndefined();
    socket.terminate();
    expect(gateway.observed).toMatchObject([{ route: "/ws/*", outcome: "proxied", status: 101 }]);
  });

  test("ends on both sides, whoever ends it", async () => {
    const { sockets, gateway } = await startEcho();
    const first = await open(gateway, "/open");
    first.close(4000, "done");
    const [code, reason] = await once(sockets[0] as WebSocket, "close");
    expect([code, String(reason)]).toEqual([4000, "done"]);

    const second = await open(gateway, "/open");
    sockets[1]?.close(4001, "bye");
    expect((await once(second, "close"))[0]).toBe(4001);

    const third = await open(gateway, "/open");
    third.terminate();
    expect((await once(sockets[2] as WebSocket, "close"))[0]).toBe(1006);

    const fourth = await open(gateway, "/open");
    sockets[3]?.terminate();
    expect((await once(fourth, "close"))[0]).toBe(1006);
  });

  test("is cut when the listener closes", async () => {
    const { gateway, sockets } = await startEcho();
    const socket = await open(gateway, "/open");
    const [ours, theirs] = [once(socket, "close"), once(sockets[0] as WebSocket, "close")];
    await gateway.close();
    await ours;
    await theirs;
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });

  test("what comes with the handshake is not lost", async () => {
    const { gateway } = await startEcho();
    // "hi" in a masked text frame (RFC 6455 §5.7), its mask all zeros.
    const frame = "\x81\x82\0\0\0\0hi";
    const answer = await rawRequest(gateway.url, handshake("/open") + frame, (text) => text.endsWith("\x81\x02hi"));
    expect(answer.status).toBe(101);
  });
});

describe("refusals come before the upstream is asked", () => {
  const startRecording = async () => {
    const up = await startRecordingUpstream();
    return { up, gateway: await startTestGateway({ upstreams: { up: { targets: [up.url] } }, routes: ROUTES }) };
  };

  test.each<[string, number, string]>([
    ["without a token", 401, handshake("/ws/a")],
    ["with a bad token", 401, handshake("/ws/a", "Authorization: Bearer bad")],
    ["where the route takes none", 403, handshake("/plain")],
    ["where there is no route", 404, handshake("/nowhere")],
    ["by an ambiguous path", 400, handshake("/ws//a")],
    ["with a body", 400, `${handshake("/open", "Content-Length: 5")}hello`],
    ["with two Hosts", 400, handshake("/open", "Host: b")],
    ["by h2c beside it", 400, handshake("/open").replace("websocket", "websocket, h2c")],
  ])("%s: %d", async (_what, status, bytes) => {
    const { up, gateway } = await startRecording();
    const answer = await rawRequest(gateway.url, bytes);
    expect(answer.status).toBe(status);
    expect(answer.closed).toBe(true);
    expect(answer.text).toContain("application/problem+json");
    expect(up.connections).toHaveLength(0);
  });

  test("an absolute target does not choose the upstream", async () => {
    const { up, gateway } = await startRecording();
    const canary = await startRecordingUpstream();
    await rawRequest(gateway.url, handshake(`${canary.url}/open`));
    expect(canary.connections).toHaveLength(0);
    expect(up.heads()[0]?.line).toBe("GET /open HTTP/1.1");
  });

  test("by POST it is an ordinary request", async () => {
    const { up, gateway } = await startRecording();
    await rawRequest(
      gateway.url,
      handshake("/open", "Content-Length: 0").replace("GET", "POST").replace("Upgrade\r\n", "Upgrade, close\r\n"),
    );
    expect(up.connections[0]?.received).not.toMatch(/upgrade:/i);
  });
});

describe("subprotocols", () => {
  const protocolsSeen = (requests: { headers: NodeJS.Dict<string | string[]> }[]) =>
    requests[0]?.headers["sec-websocket-protocol"];

  test("the pair that carries the token is removed, and confirmed where nothing else is chosen", async () => {
    const { requests, gateway } = await startEcho();
    const socket = await open(gateway, "/ws/a", ["postern.bearer", "good-alice"]);
    expect(protocolsSeen(requests)).toBeUndefined();
    expect(socket.protocol).toBe("postern.bearer");
    expect(requests[0]?.headers["x-auth-user"]).toBe("alice");
    expect(requests[0]?.rawHeaders.join()).not.toContain("good-alice");
    socket.terminate();
  });

  test("the upstream chooses among the others", async () => {
    const { requests, gateway } = await startEcho("chat.v2");
    const socket = await open(gateway, "/ws/a", ["postern.bearer", "good-alice", "chat.v1", "chat.v2"]);
    expect(protocolsSeen(requests)).toBe("chat.v1, chat.v2");
    expect(socket.protocol).toBe("chat.v2");
    socket.terminate();
  });
});

describe("an upstream that does not change over", () => {
  test("its answer is passed on", async () => {
    const { gateway } = await startEcho();
    const answer = await rawRequest(gateway.url, handshake("/ws/teapot", "Authorization: Bearer good-alice"));
    expect(answer.status).toBe(418);
    expect(answer.closed).toBe(true);
  });

  test("502 where it changes to something else, or cannot be reached", async () => {
    const up = await startRecordingUpstream(({ socket }) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    });
    const gateway = await startTestGateway({ upstreams: { up: { targets: [up.url] } }, routes: ROUTES });
    expect((await rawRequest(gateway.url, handshake("/open"))).status).toBe(502);
    await (await up.connection(0)).until(({ closed }) => closed);
    await up.close();
    expect((await rawRequest(gateway.url, handshake("/open"))).status).toBe(502);
  });
});
