// The main listener speaks TLS by itself, and takes new certificates while it serves.
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect as connectPlain, createServer as createRelay } from "node:net";
import { join } from "node:path";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Certificate, selfSigned } from "../support/certificates.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { listen } from "../support/listen.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { startStreamingUpstream } from "../support/streaming-upstream.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";

let gateway: GatewayProcess;
let first: Certificate;
let second: Certificate;
/** Trusted by clients. */
let ca: string;
let folder: string;
let origin: string;
let port: number;
beforeAll(async () => {
  first = await selfSigned("localhost");
  second = await selfSigned("localhost", "renewed");
  ca = `${first.cert}\n${second.cert}`;
  folder = await tempDir();
  await write(first);
  const plain = createServer((incoming, response) => {
    if (incoming.url !== "/api/cut") return void response.end("hello");
    // Half an answer of unknown length, and no more.
    return void response.write("half", () => response.destroy());
  });
  const streams = await startStreamingUpstream();
  gateway = await startGateway({
    issuer: "https://localhost",
    tls: { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") },
    roles: ROLES,
    upstreams: {
      up: { targets: [`http://127.0.0.1:${(await listen(plain)).port}`] },
      ws: { targets: [streams.url] },
    },
    routes: [
      { path: "/api/*", upstream: "up", access: "public" },
      { path: "/ws", upstream: "ws", access: "required", websocket: true },
    ],
  });
  await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
  port = Number(new URL(gateway.url).port);
  origin = `https://localhost:${port}`;
});

/** As whoever renews certificates does. */
async function write({ cert, key }: Certificate): Promise<void> {
  for (const [name, text] of [
    ["cert.pem", cert],
    ["key.pem", key],
  ] as const) {
    await writeFile(join(folder, `${name}.new`), text);
    await rename(join(folder, `${name}.new`), join(folder, name));
  }
}

async function shake(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca, ...options });
  await once(socket, "secureConnect");
  return socket;
}

async function shown(): Promise<string> {
  const socket = await shake();
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate?.fingerprint256 ?? "";
}
const fingerprint = ({ cert }: Certificate): string => new X509Certificate(cert).fingerprint256;

async function openSocket(): Promise<WebSocket> {
  const alice = new Browser(origin, { ca });
  expect((await alice.login(ALICE.name, ALICE.password)).status).toBe(200);
  expect([...alice.cookies.keys()]).toEqual(["__Host-Http-postern"]);
  const headers = { authorization: `Bearer ${alice.accessToken}` };
  const socket = new WebSocket(`wss://localhost:${port}/ws`, { ca, headers });
  await once(socket, "open");
  return socket;
}

async function echoed(socket: WebSocket, text: string): Promise<string> {
  socket.send(text);
  return String((await once(socket, "message"))[0]);
}

test("TLS 1.2 and 1.3, and nothing older or plainer", async () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const socket = await shake({ minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  }
  await expect(
    shake({ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" }),
  ).rejects.toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/) });
  const plain = await rawRequest(`http://127.0.0.1:${port}`, "GET /api/a HTTP/1.1\r\nHost: a\r\n\r\n");
  expect([plain.status, plain.closed]).toEqual([0, true]);
  expect((await new Browser(origin, { ca }).fetch("/api/a")).text).toBe("hello");
});

const ALERT = 0x15;
const DATA = 0x17;

/** The types of the records (RFC 5246 §6.2.1) in which the gateway answers a request of HTTP/1.0, to the end of the connection. */
async function recordsOf(path: string): Promise<number[]> {
  const pieces: Buffer[] = [];
  const relay = createRelay((client) => {
    const onward = connectPlain(port, "127.0.0.1");
    onward.on("data", (piece) => pieces.push(piece));
    onward.on("error", () => client.destroy());
    client.on("error", () => onward.destroy());
    onward.pipe(client).pipe(onward);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const { port: there } = relay.address() as AddressInfo;
  const socket = await shake({ port: there, maxVersion: "TLSv1.2" });
  socket.on("error", () => {});
  const closed = once(socket.resume(), "close");
  socket.write(`GET ${path} HTTP/1.0\r\nHost: a\r\n\r\n`);
  await closed;
  relay.close();
  const types: number[] = [];
  const bytes = Buffer.concat(pieces);
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes.readUInt8(at));
  return types;
}

// RFC 9112 §9.8: without TLS' own close a response that only the connection's end could end is incomplete.
test("half an answer to HTTP/1.0 does not look like a whole one", async () => {
  expect((await recordsOf("/api/whole")).slice(-2)).toEqual([DATA, ALERT]);
  expect((await recordsOf("/api/cut")).at(-1)).toBe(DATA);
});

test("a new certificate is shown without a failed request, and a WebSocket from before goes on", async () => {
  const socket = await openSocket();
  expect(await shown()).toBe(fingerprint(first));
  const load = startSteadyLoad({ origin: () => origin, path: "/api/a", ca, expects: (body) => body === "hello" });
  await load.more(20);
  await write(second);
  await waitUntil(gateway.logs, async () => (await shown()) === fingerprint(second));
  await load.more(20);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(await echoed(socket, "hello")).toBe("hello");
  socket.close();
  await once(socket, "close");
});

test("a certificate that does not go with its key is named, and the one before stays", async () => {
  const before = await shown();
  await write({ cert: first.cert, key: second.key });
  gateway.signal("SIGHUP");
  await waitUntil(gateway.logs, () => /"problems":\["tls: cannot be used: [^"]*"\]/.test(gateway.logs()));
  expect(await shown()).toBe(before);
  expect(gateway.logs()).not.toContain("PRIVATE KEY");

  const check = await gateway.cli(["config", "check"]);
  expect([check.code, check.stderr]).toEqual([78, expect.stringContaining("tls: cannot be used")]);
  await write(first);
  await waitUntil(gateway.logs, async () => (await shown()) === fingerprint(first));
});
