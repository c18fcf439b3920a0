import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { allHeaders } from "../../src/lib/header-list.ts";
import { rawRequest } from "../support/raw-http.ts";
import { OK, type RecordedConnection } from "../support/recording-upstream.ts";
import { type Proxied, startProxied } from "./proxied.ts";

const ANSWER =
  "HTTP/1.1 200 OK\r\nServer: old/1.0\r\nX-Frame-Options: ALLOWALL\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const MAX = 100_000;

let gateway: Proxied;

beforeAll(async () => {
  gateway = await startProxied((up) => ({
    upstreams: { up: { targets: [up] } },
    routes: [
      { path: "/api/orders/*", upstream: "up", access: "public", stripPrefix: "/api", addPrefix: "/v2" },
      { path: "/plain/*", upstream: "up", access: "public", stripPrefix: "/plain" },
      {
        ...{ path: "/headers/*", upstream: "up", access: "public" },
        requestHeaders: { set: { "X-Tenant": "blue" }, remove: ["User-Agent"] },
        responseHeaders: { set: { "X-Frame-Options": "DENY" }, remove: ["Server"] },
      },
      { path: "/small/*", upstream: "up", access: "public", maxBody: MAX },
      { path: "/guarded/*", upstream: "up", access: "required", maxBody: MAX },
    ],
  }));
});

/** Sends one request, and resolves with the answer and with what the service got, where it got anything. */
async function ask(target: string, lines: readonly string[] = [], body = "") {
  const up = gateway.scene(({ socket }) => socket.end(ANSWER));
  const method = body === "" ? "GET" : "POST";
  const head = [`${method} ${target} HTTP/1.1`, "Host: app.example.com", "Connection: close", ...lines, "", ""];
  const { status, text } = await rawRequest(gateway.url, head.join("\r\n") + body);
  return { status, text, seen: up.heads()[0] ?? null };
}

describe("the path that is sent", () => {
  test.each([
    ["/api/orders/7?x=%2F&y=/api", "/v2/orders/7?x=%2F&y=/api"],
    ["/api/orders", "/v2/orders"],
    ["/api/orders/%C3%A9/@a:b", "/v2/orders/%C3%A9/@a:b"],
    ["/plain", "/"],
    ["/plain?q", "/?q"],
    ["/plain/", "/"],
    ["/plain/a/", "/a/"],
  ])("for %s is %s", async (target, sent) => {
    const { status, seen } = await ask(target);
    expect(status).toBe(200);
    expect(seen?.line).toBe(`GET ${sent} HTTP/1.1`);
    expect(allHeaders(seen?.headers ?? [], "x-forwarded-prefix")).toEqual([
      target.startsWith("/api") ? "/api" : "/plain",
    ]);
  });

  test.each([
    "/plain//evil.example/",
    "/plain/../x",
    "/plain/..;/x",
    "/plain/%2e%2e/x",
    "/plain%2f/evil.example",
    "/plain\\evil",
  ])("for %s is none", async (target) => {
    const { status, seen } = await ask(target);
    expect([status, seen]).toEqual([400, null]);
  });
});

test("headers are set and removed on both ways", async () => {
  const { text, seen } = await ask("/headers/a", ["X-Tenant: red", "x-tenant: green", "User-Agent: curl"]);
  expect(allHeaders(seen?.headers ?? [], "x-tenant")).toEqual(["blue"]);
  expect(allHeaders(seen?.headers ?? [], "user-agent")).toEqual([]);
  expect(text.match(/^x-frame-options: .*$/gim)).toEqual(["X-Frame-Options: DENY"]);
  expect(text).not.toMatch(/^server:/im);
});

test("headers that are removed stay behind in interim responses too", async () => {
  const hints = "HTTP/1.1 103 Early Hints\r\nServer: old/1.0\r\nLink: </a.css>\r\n\r\n";
  gateway.scene(({ socket }) => socket.end(hints + ANSWER));
  const head = "GET /headers/a HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n\r\n";
  const { text } = await rawRequest(gateway.url, head);
  expect(text).toMatch(/^HTTP\/1\.1 103 .*Link: <\/a\.css>.*HTTP\/1\.1 200 /s);
  expect(text).not.toMatch(/^server:/im);
});

describe("a body that is longer than its route takes", () => {
  test("is refused by its length, before the service is asked", async () => {
    const { status, text, seen } = await ask("/small/a", [`Content-Length: ${MAX + 1}`], "x");
    expect([status, seen]).toEqual([413, null]);
    expect(text).toContain('"code":"too_large"');
    expect(text).toMatch(/^Connection: close\r$/m);
  });

  test("is not asked for where the client waits for leave", async () => {
    const { status, text } = await ask("/small/a", [`Content-Length: ${MAX + 1}`, "Expect: 100-continue"]);
    expect(status).toBe(413);
    expect(text).not.toContain("100 Continue");
  });

  test("is refused for want of a credential first", async () => {
    expect((await ask("/guarded/a", [`Content-Length: ${MAX + 1}`], "x")).status).toBe(401);
  });

  test("in chunks is refused as soon as it is, and the service sees no end of it", async () => {
    const up = gateway.scene(() => {});
    const client = httpRequest({ port: gateway.port, method: "POST", path: "/small/a" });
    client.on("error", () => {});
    client.write(Buffer.alloc(MAX - 1, "x"));
    const connection = await up.connection(0);
    await connection.until(({ received }) => received.length > MAX);
    expect(connection.closed).toBe(false);
    client.write("xyz");
    const [response] = await once(client, "response");
    expect(response.statusCode).toBe(413);
    expect(response.headers.connection).toBe("close");
    await connection.until(({ closed }) => closed);
    expect(connection.received).not.toContain("yz");
    expect(connection.received).not.toContain("\r\n0\r\n\r\n");
    client.destroy();
    const told = (await gateway.gateway.observed()).filter(({ kind }) => kind === "request");
    expect(told.at(-1)).toMatchObject({ outcome: "too_large" });
  });

  test("cuts an answer that has begun", async () => {
    gateway.scene(({ socket }) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"));
    const client = connect(gateway.port, "127.0.0.1");
    client.on("error", () => {});
    client.write("POST /small/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
    let text = "";
    client.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
      if (text.endsWith("half")) client.write(`${(MAX + 1).toString(16)}\r\n${"x".repeat(MAX + 1)}\r\n`);
    });
    await once(client, "close");
    expect(text).toMatch(/half$/);
  });

  test("of exactly that length passes, in both framings", async () => {
    const body = "x".repeat(MAX);
    const whole = (end: string) => (connection: RecordedConnection) =>
      void connection.until(({ received }) => received.endsWith(end)).then(({ socket }) => socket.end(OK));
    for (const [framing, sent, end] of [
      [`Content-Length: ${MAX}`, body, body],
      ["Transfer-Encoding: chunked", `${MAX.toString(16)}\r\n${body}\r\n0\r\n\r\n`, "\r\n0\r\n\r\n"],
    ] as const) {
      gateway.scene(whole(end));
      const head = `POST /small/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${framing}\r\n\r\n`;
      expect((await rawRequest(gateway.url, head + sent)).status).toBe(200);
    }
  });
});
