// No browser asks before it opens a WebSocket to another site, and it sends the cookies along: the attacker's page would talk to
// the service as the victim. So the handshake is judged before the service hears of it: its origin where a cookie authenticates,
// its token everywhere, and no other protocol than the one that the route allows.
// SECURITY: CS13, PX21 (ASVS 4.4.2-4.4.4, RFC 9110 §7.8).
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess } from "./attacked-process.ts";

const asked: IncomingMessage[] = [];
const server = createServer((request, response) => {
  asked.push(request);
  response.end("no WebSocket");
});
let connections = 0;
server.on("connection", () => connections++);
new WebSocketServer({ server }).on("connection", (socket, request) => {
  asked.push(request);
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
const echo = await listen(server);

const subject = await attackedProcess({
  upstreams: { up: { targets: [`http://127.0.0.1:${echo.port}`] } },
  cors: { origins: ["https://good.example"] },
  routes: [
    { path: "/live/*", upstream: "up", access: "required", websocket: true },
    { path: "/room/*", upstream: "up", access: "required", credentials: "session", websocket: true },
    { path: "/plain/*", upstream: "up", access: "required" },
  ],
});
const alice = await subject.loggedIn();

afterEach(() => {
  asked.length = 0;
  connections = 0;
});

interface Handshake {
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
}

const cookieHeader = (browser: Browser): string => [...browser.cookies].map((pair) => pair.join("=")).join("; ");

/** Opens a WebSocket the way a script does. Resolves with it, or with the status of the refusal. */
async function open(path: string, { headers = {}, protocols = [] }: Handshake): Promise<WebSocket | number> {
  const socket = new WebSocket(subject.gateway.url.replace("http:", "ws:") + path, [...protocols], { headers });
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.once("error", reject);
  });
}

/** Opens one that must come to be, and shows that frames go through it both ways. */
async function expectEcho(path: string, handshake: Handshake): Promise<WebSocket> {
  const socket = await open(path, handshake);
  if (typeof socket === "number") throw new Error(`refused with ${socket}`);
  for (const message of ["hello", "é".repeat(100_000)]) {
    socket.send(message);
    const [data] = await once(socket, "message");
    expect(String(data)).toBe(message);
  }
  socket.send(Buffer.from([0, 255, 1]));
  const [data, isBinary] = await once(socket, "message");
  expect([[...data], isBinary]).toEqual([[0, 255, 1], true]);
  return socket;
}

const SOURCES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["another site in an old browser", { origin: "https://evil.example" }],
  ["a sibling domain", { origin: "http://old.example.com", "sec-fetch-site": "same-site" }],
  ["another port", { origin: `${subject.gateway.url}0` }],
  ["a sandboxed frame", { origin: "null", "sec-fetch-site": "cross-site" }],
  ["nowhere", {}],
];

test.each(SOURCES)("from %s the victim's cookies open nothing", async (_, headers) => {
  expect(await open("/room/1", { headers: { ...headers, cookie: cookieHeader(alice) } })).toBe(403);
  expect(connections).toBe(0);
});

test.each([
  ["our own page", { origin: subject.gateway.url, "sec-fetch-site": "same-origin" }],
  ["our own page in an old browser", { origin: subject.gateway.url }],
  ["a listed application", { origin: "https://good.example" }],
])("from %s they do, and frames echo", async (_, headers) => {
  const socket = await expectEcho("/room/1", { headers: { ...headers, cookie: cookieHeader(alice) } });
  expect(asked).toHaveLength(1);
  expect(asked[0]?.headers.cookie).toBeUndefined();
  expect(asked[0]?.headers["x-auth-name"]).toBe("alice");
  socket.terminate();
});

test("a token comes as a subprotocol, and the service sees neither", async () => {
  const protocols = ["postern.bearer", alice.accessToken ?? ""];
  const socket = await expectEcho("/live/1", { protocols, headers: { origin: "https://evil.example" } });
  expect(socket.protocol).toBe("postern.bearer");
  expect(asked[0]?.rawHeaders.join("\n")).not.toContain(alice.accessToken);
  expect(asked[0]?.headers["sec-websocket-protocol"]).toBeUndefined();
  expect(asked[0]?.headers["x-auth-name"]).toBe("alice");
  socket.terminate();
});

test.each<[string, number, string, Handshake]>([
  ["without a credential", 401, "/live/1", {}],
  ["without a cookie", 401, "/room/1", { headers: { origin: subject.gateway.url } }],
  ["with cookies where a token is asked for", 401, "/live/1", { headers: { cookie: cookieHeader(alice) } }],
  ["with nonsense for a token", 401, "/live/1", { protocols: ["postern.bearer", "x.y.z"] }],
  ["with the word and no token", 401, "/live/1", { protocols: ["postern.bearer"] }],
  ["with the token before the word", 401, "/live/1", { protocols: [alice.accessToken ?? "", "postern.bearer"] }],
  [
    "with two tokens",
    401,
    "/live/1",
    {
      protocols: ["postern.bearer", alice.accessToken ?? ""],
      headers: { authorization: `Bearer ${alice.accessToken}` },
    },
  ],
  ["where the route takes none", 403, "/plain/1", { headers: { authorization: `Bearer ${alice.accessToken}` } }],
  ["on no route", 404, "/nowhere", { headers: { authorization: `Bearer ${alice.accessToken}` } }],
])("%s: %d, and the service hears nothing", async (_, status, path, handshake) => {
  expect(await open(path, handshake)).toBe(status);
  expect(connections).toBe(0);
});

test("after a logout neither the token nor the cookies open one", async () => {
  const bob = await subject.loggedIn();
  const { accessToken } = bob;
  const cookie = cookieHeader(bob);
  (await expectEcho("/live/1", { protocols: ["postern.bearer", accessToken ?? ""] })).terminate();
  expect((await bob.logout()).status).toBe(204);
  connections = 0;
  expect(await open("/live/1", { protocols: ["postern.bearer", accessToken ?? ""] })).toBe(401);
  expect(await open("/room/1", { headers: { origin: subject.gateway.url, cookie } })).toBe(401);
  expect(connections).toBe(0);
});

test.each([
  ["h2c", 400],
  ["websocket, h2c", 400],
  ["TLS/1.0", 200],
  ["websocket2", 200],
])("Upgrade: %s is not passed on", async (protocol, status) => {
  const head = [
    `GET /live/1 HTTP/1.1`,
    ...[
      "Host: a",
      `Upgrade: ${protocol}`,
      "Connection: Upgrade, HTTP2-Settings, close",
      "HTTP2-Settings: AAMAAABkAARAAAAA",
    ],
    ...[`Authorization: Bearer ${alice.accessToken}`, "", ""],
  ];
  const answer = await rawRequest(subject.gateway.url, head.join("\r\n"));
  expect(answer.status).toBe(status);
  for (const { headers } of asked) {
    expect(headers.upgrade).toBeUndefined();
    expect(headers["http2-settings"]).toBeUndefined();
  }
});
