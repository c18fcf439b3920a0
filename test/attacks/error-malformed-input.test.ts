// The attacker throws at the gateway whatever parsers stumble over: JSON that is none, that is deep, that is of the wrong types,
// in the wrong encoding; heads without end; sockets that say half of something and go. Nothing passes, and the process that
// serves everybody else stays the one that it was.
// SECURITY: ER5 (ASVS 16.5.3).
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { runGateway } from "../gateways/running-gateway.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { expectProblem } from "./problem-document.ts";

/** Answers half of what it promises, and goes. */
const dying = await startRecordingUpstream(({ socket }) => {
  socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", () => socket.destroy());
});
const gateway = await runGateway({
  ...{ roles: ROLES, registration: true, upstreams: { orders: { targets: [dying.url] } } },
  routes: [
    { path: "/api/*", upstream: "orders", access: "required" },
    { path: "/open/*", upstream: "orders", access: "public" },
  ],
});
await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
const browser = new Browser(gateway.url);
await browser.login(ALICE.name, ALICE.password);

const deep = (count: number): string => `${'{"a":'.repeat(count)}1${"}".repeat(count)}`;
const bodies: readonly (readonly [string, string | Uint8Array])[] = [
  ["nothing", ""],
  ["null", "null"],
  ["a number", "1e999"],
  ["a text", '"x"'],
  ["a list", "[[[[[]]]]]"],
  ["half an object", '{"username":"alice"'],
  ["deep objects", deep(5000)],
  ["deep lists", "[".repeat(20_000)],
  ["deep lists that end", `{"a":${"[".repeat(8000)}${"]".repeat(8000)}}`],
  ["deep values", `{"username":${deep(3000)},"password":${deep(3000)}}`],
  ["prototypes", '{"__proto__":{"username":"alice"},"constructor":{"prototype":{"a":1}}}'],
  ["wrong types", '{"username":["alice"],"password":{"a":1},"refresh":7,"refresh_token":{},"current_password":true}'],
  ["nulls", '{"username":null,"password":null,"refresh_token":null}'],
  ["zero bytes", '{"username":"\\u0000","password":"\\u0000\\u0000"}'],
  ["lone surrogates", '{"username":"\\ud800","password":"\\udfff\\ud800"}'],
  ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ["UTF-16", Buffer.from('{"username":"alice"}', "utf16le")],
  ["a long name", JSON.stringify({ username: "a".repeat(50_000), password: "b" })],
  ["a long password", JSON.stringify({ username: "alice", password: "b".repeat(50_000) })],
  [
    "combining characters",
    JSON.stringify({ username: `a${"\u0301".repeat(10_000)}`, password: "\ufdfa".repeat(5000) }),
  ],
  ["more than is read", JSON.stringify({ username: "a".repeat(100_000) })],
];
const ENDPOINTS = [
  ["POST", "/auth/login"],
  ["POST", "/auth/register"],
  ["POST", "/auth/refresh"],
  ["POST", "/auth/password"],
  ["PATCH", "/auth/session/data"],
  ["POST", "/oauth/token"],
  ["POST", "/oauth/revoke"],
] as const;

async function send(method: string, path: string, body: string | Uint8Array, type: string, token: string) {
  const bytes = Buffer.from(body);
  const lines = [
    ...[`${method} ${path} HTTP/1.1`, "Host: a", "Connection: close", "Sec-Fetch-Site: same-origin"],
    ...[`Content-Type: ${type}`, `Content-Length: ${bytes.length}`, `Authorization: Bearer ${token}`],
  ];
  return rawRequest(gateway.url, Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]));
}

/** The same process, serving the same person. */
async function expectUnharmed(): Promise<void> {
  expect((await browser.api("/auth/me")).status).toBe(200);
  expect((await browser.refresh()).status).toBe(200);
  const probe = await new Browser(gateway.operationsUrl).fetch("/readyz");
  expect(probe.status).toBe(200);
}

test.each(bodies)("a body of %s", async (name, body) => {
  const token = browser.accessToken ?? "";
  const types = ["application/json", "application/x-www-form-urlencoded", "text/plain", "application/merge-patch+json"];
  for (const [method, path] of ENDPOINTS) {
    for (const type of types) {
      const { status } = await send(method, path, body, type, token);
      // An empty patch is a patch; nothing else of it is good for anything.
      if (path === "/auth/session/data") expect([200, 400, 413]).toContain(status);
      else expect(status >= 400 && status < 500, `${path} ${type} ${name}: ${status}`).toBe(true);
    }
  }
  await expectUnharmed();
});

test("heads that do not end, or hold too much", async () => {
  const lines = Array.from({ length: 1000 }, (_, at) => `X-${at}: y`).join("\r\n");
  for (const [rest, expected] of [
    [`X: ${"x".repeat(100_000)}`, 431],
    [`Cookie: ${"a=b; ".repeat(20_000)}`, 431],
    [lines, 400],
    [`${"X".repeat(9000)}: y`, 401],
    ["X: a\u0000b", 400],
    ["X: a\rb", 400],
    [": y", 400],
  ] as const) {
    const { status } = await rawRequest(
      gateway.url,
      `GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${rest}\r\n\r\n`,
    );
    expect(status, rest.slice(0, 20)).toBe(expected);
  }
  await expectUnharmed();
});

test.each([
  "",
  "G",
  "GET /api/x HTTP/1.1\r\n",
  "GET /api/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bear",
  "POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{",
  "POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
  "POST /open/x HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nhalf",
  "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\u0000".repeat(100),
])("a client that says %j and goes, by an end or by a reset", async (bytes) => {
  const { hostname, port } = new URL(gateway.url);
  for (const leave of ["end", "resetAndDestroy"] as const) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {});
    await once(socket, "connect");
    const closed = once(socket, "close");
    if (bytes !== "") socket.write(Buffer.from(bytes, "latin1"));
    if (leave === "end") socket.end();
    else socket.resetAndDestroy();
    socket.resume();
    // A half-closed connection has nothing more to say: the gateway ends it.
    await closed;
  }
  await expectUnharmed();
});

test("a service that dies in the middle of its answer: the answer is cut, not completed", async () => {
  const { text, closed } = await rawRequest(gateway.url, "GET /open/x HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(closed).toBe(true);
  expect(text.endsWith("half")).toBe(true);
  expect(text).toContain("1000");
  await dying.close();
  const answer = await browser.api("/api/x");
  expect([answer.status, expectProblem(answer)]).toEqual([502, "upstream_failed"]);
  await expectUnharmed();
});

test("none of it was an error inside the gateway", () => {
  expect(gateway.logs()).not.toContain("internal_error");
});
