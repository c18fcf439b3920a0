import { beforeAll, describe, expect, test } from "vitest";
import { allHeaders } from "../../src/lib/header-list.ts";
import { freePort } from "../support/free-port.ts";
import { rawRequest } from "../support/raw-http.ts";
import {
  OK,
  type RecordedConnection,
  type RecordingUpstream,
  startRecordingUpstream,
} from "../support/recording-upstream.ts";
import { type Proxied, startProxied } from "./proxied.ts";

let gateway: Proxied;
let one: RecordingUpstream;
let two: RecordingUpstream;
/** Where nothing listens. */
let dead: string;
beforeAll(async () => {
  [one, two] = [await startRecordingUpstream(), await startRecordingUpstream()];
  dead = `http://127.0.0.1:${await freePort()}`;
  gateway = await startProxied((up) => ({
    upstreams: {
      up: { targets: [up] },
      slow: { targets: [up], responseTimeout: "100ms" },
      dead: { targets: [dead] },
      pair: { targets: [one.url, two.url] },
      lame: { targets: [dead, up] },
      crippled: { targets: [dead, up] },
    },
    routes: [
      { path: "/*", upstream: "up", access: "required" },
      { path: "/public/*", upstream: "up", access: "public" },
      { path: "/lax/*", upstream: "up", access: "public", allowAmbiguousPath: true },
      { path: "/nothing", access: "public" },
      ...["slow", "dead", "pair", "lame", "crippled"].map((name) => ({
        ...{ path: `/${name}`, upstream: name, access: "public" },
      })),
    ],
  }));
});

const get = (target: string, ...headers: string[]) =>
  `GET ${target} HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`;

const answering = (...lines: string[]) => {
  const text = lines.join("\r\n");
  return ({ socket }: RecordedConnection) => void socket.end(text, "latin1");
};
const body = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);
const headerLines = (text: string) => text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n").slice(1);

describe("what reaches the upstream", () => {
  test("a whole request, in bytes", async () => {
    const up = gateway.scene();
    const answer = await rawRequest(
      gateway.url,
      get(
        "/a/b?q=%2B+x&&r=",
        gateway.bearer,
        "X-Auth-User: root",
        "X_AUTH_USER: root",
        "Cookie: a=1; __Host-Http-postern=RT; b=2",
        "X-Keep:  v ",
      ),
    );
    expect(answer.status).toBe(200);
    expect(body(answer.text)).toBe("ok");
    const [head] = up.heads();
    expect(head?.line).toBe("GET /a/b?q=%2B+x&&r= HTTP/1.1");
    const masked = head?.headers.map((part) => part.replace(/[0-9a-f]{12,}/g, (digits) => `<${digits.length}>`));
    expect(masked).toEqual([
      ...["host", gateway.up.url.replace("http://", "")],
      ...["Cookie", "a=1; b=2", "X-Keep", "v", "Via", "1.1 postern-<12>"],
      ...["X-Forwarded-For", "127.0.0.1", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "app.example.com"],
      ...["X-Request-Id", "<32>", "traceparent", "00-<32>-<16>-01", "X-Auth-User", gateway.sub],
      ...["X-Auth-Name", "alice", "X-Auth-Session", expect.stringMatching(/^s_/)],
      ...["X-Auth-Roles", "user", "X-Auth-Scope", "orders:read", "X-Auth-Identity", expect.stringMatching(/^ey/)],
    ]);
  });

  test("a client cannot have what the gateway adds removed, nor its own identity added", async () => {
    const up = gateway.scene();
    const connection = "Connection: close, X-Auth-User, Authorization, Cookie, Via";
    await rawRequest(
      gateway.url,
      get("/a", gateway.bearer, connection, "x-aUTH-uSER: root").replace("Connection: close\r\n", ""),
    );
    await rawRequest(gateway.url, get("/public", "x_auth_user: root", "X-Auth-User: root"));
    const [first, second] = up.heads();
    expect(allHeaders(first?.headers ?? [], "x-auth-user")).toEqual([gateway.sub]);
    expect(allHeaders(second?.headers ?? [], "x-auth-user")).toEqual([]);
    expect(up.connections.map(({ received }) => received).join()).not.toContain("root");
  });

  test.each([
    "/lax/a%2Fb",
    "/lax//a",
    "/lax/a/./b",
    "/lax/a;x=1",
    "/public/%61",
    "/public/?a=%2B+b",
    "/public?a&a=",
    "/public?/../x",
  ])("%s arrives byte for byte", async (target) => {
    const up = gateway.scene();
    expect((await rawRequest(gateway.url, get(target))).status).toBe(200);
    expect(up.heads()[0]?.line).toBe(`GET ${target} HTTP/1.1`);
  });

  test.each([
    "//evil.example/x",
    "/\\evil.example/x",
    "/public//x",
    "/public/../a",
    "/public/%2e%2e/a",
    "/PUBLIC/x",
    "/%70ublic/x",
  ])("%s is refused and reaches nobody", async (target) => {
    const up = gateway.scene();
    expect((await rawRequest(gateway.url, get(target))).status).toBe(400);
    expect(up.connections).toHaveLength(0);
  });

  test("nothing without a token, with a challenge", async () => {
    const up = gateway.scene();
    const answer = await rawRequest(gateway.url, get("/a"));
    expect(answer.status).toBe(401);
    expect(headerLines(answer.text)).toContain("WWW-Authenticate: Bearer");
    expect(headerLines(answer.text)).toContain("X-Content-Type-Options: nosniff");
    expect(JSON.parse(body(answer.text))).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(up.connections).toHaveLength(0);
    const requests = (await gateway.gateway.observed()).filter(({ kind }) => kind === "request");
    expect(requests.at(-1)).toMatchObject({ route: "/*", outcome: "unauthenticated", status: 401 });
  });

  test("a route without an upstream is not found, and a request that came back is refused", async () => {
    const up = gateway.scene();
    expect((await rawRequest(gateway.url, get("/nothing"))).status).toBe(404);
    await rawRequest(gateway.url, get("/public"));
    const via = allHeaders(up.heads()[0]?.headers ?? [], "via")[0];
    expect((await rawRequest(gateway.url, get("/public", `Via: 1.1 edge, ${via}`))).status).toBe(502);
    expect(up.connections).toHaveLength(1);
  });
});

describe("what comes back", () => {
  test("the response as it is, Set-Cookie lines apart, ours left out", async () => {
    gateway.scene(
      answering(
        "HTTP/1.1 207 Many Things",
        "Connection: close, X-Hop",
        "X-Hop: 1",
        "sEt-cookie: a=1; Path=/",
        "Set-Cookie: __Host-Http-postern=evil; Path=/",
        "Set-Cookie: b=2",
        "Content-Encoding: gzip",
        "Content-Length: 3",
        "",
        "\u001f\u008b\u0008",
      ),
    );
    const answer = await rawRequest(gateway.url, get("/a", gateway.bearer));
    expect(answer.text.split("\r\n")[0]).toBe("HTTP/1.1 207 Many Things");
    const lines = headerLines(answer.text);
    expect(lines.slice(0, 4)).toEqual([
      "sEt-cookie: a=1; Path=/",
      "Set-Cookie: b=2",
      "Content-Encoding: gzip",
      "Content-Length: 3",
    ]);
    expect(lines[4]).toMatch(/^Via: 1\.1 postern-[0-9a-f]{12}$/);
    expect(lines).toContain("Cache-Control: private");
    expect(lines.some((line) => line.startsWith("Date: "))).toBe(true);
    expect(answer.text).not.toMatch(/evil|X-Hop/);
    expect(body(answer.text)).toBe("\u001f\u008b\u0008");
  });

  test("a reason phrase that is not ASCII is replaced", async () => {
    gateway.scene(answering("HTTP/1.1 200 \u00fc", "X: \u00fc", "Content-Length: 0", "Connection: close", "", ""));
    const answer = await rawRequest(gateway.url, get("/public"));
    expect(answer.text).toMatch(/^HTTP\/1\.1 200 OK\r\nX: \u00fc\r\n/);
  });

  test("a redirect is passed on, not followed", async () => {
    const canary = await startRecordingUpstream();
    const location = `Location: ${canary.url}/inner`;
    gateway.scene(answering("HTTP/1.1 302 Found", location, "Content-Length: 0", "Connection: close", "", ""));
    const answer = await rawRequest(gateway.url, get("/public"));
    expect(answer.status).toBe(302);
    expect(headerLines(answer.text)).toContain(location);
    expect(canary.connections).toHaveLength(0);
  });

  test("a chunked body is framed anew, without its trailers", async () => {
    gateway.scene(
      answering(
        "HTTP/1.1 200 OK",
        "Transfer-Encoding: chunked",
        "Trailer: X-T",
        "Connection: close",
        "",
        "3;ext=1",
        "abc",
        "0",
        "X-T: 1",
        "",
        "",
      ),
    );
    const answer = await rawRequest(gateway.url, get("/public"));
    expect(body(answer.text)).toBe("3\r\nabc\r\n0\r\n\r\n");
    expect(answer.text).not.toMatch(/trailer|X-T|ext/i);
  });

  test.each(["204 No Content", "304 Not Modified"])("%s has no body", async (status) => {
    gateway.scene(answering(`HTTP/1.1 ${status}`, "ETag: x", "Connection: close", "", ""));
    const answer = await rawRequest(gateway.url, get("/public"));
    expect(answer.text.split("\r\n")[0]).toBe(`HTTP/1.1 ${status}`);
    expect(headerLines(answer.text).join()).not.toMatch(/transfer-encoding|content-length/i);
    expect(body(answer.text)).toBe("");
  });

  test("HEAD keeps the headers of GET", async () => {
    const up = gateway.scene(answering("HTTP/1.1 200 OK", "Content-Length: 1234", "Connection: close", "", ""));
    const answer = await rawRequest(gateway.url, get("/public").replace("GET", "HEAD"));
    expect(headerLines(answer.text)).toContain("Content-Length: 1234");
    expect(body(answer.text)).toBe("");
    expect(up.heads()[0]?.line).toBe("HEAD /public HTTP/1.1");
  });

  test("an event stream's headers and pieces arrive as they come", async () => {
    const up = gateway.scene(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    });
    let seen = "";
    await rawRequest(gateway.url, get("/public"), (text) => {
      if (seen === "" && text.includes("\r\n\r\n")) up.connections[0]?.socket.write("data: 1\n\n");
      seen = text;
      return text.includes("data: 1");
    });
    expect(seen).toContain("data: 1");
  });
});

describe("an upstream that fails", () => {
  test.each<[string, string[]]>([
    [
      "101 that nobody asked for",
      ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", "", ""],
    ],
    ["101 without Upgrade", ["HTTP/1.1 101 Switching Protocols", "", ""]],
    ["garbage", ["SSH-2.0-OpenSSH", ""]],
    ["nothing", []],
    [
      "a coding that cannot be passed on",
      ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked", "Connection: close", "", "0", "", ""],
    ],
    ["two lengths", ["HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2", "", "ab"]],
    ["a header without end", ["HTTP/1.1 200 OK", `X: ${"x".repeat(100_000)}`]],
    ["a flood of interim responses", [`HTTP/1.1 102 Processing\r\n\r\n`.repeat(100), OK]],
    ["a header folded over lines", ["HTTP/1.1 200 OK", "X: a", " b", "Content-Length: 0", "", ""]],
    ["a bare CR in a header", ["HTTP/1.1 200 OK", "X: a\rSet-Cookie: b=1", "Content-Length: 0", "", ""]],
  ])("%s: 502", async (_what, lines) => {
    gateway.scene(answering(...lines));
    const answer = await rawRequest(gateway.url, get("/public").replace("GET", "POST"));
    expect(answer.status).toBe(502);
    expect(JSON.parse(body(answer.final))).toMatchObject({ code: "upstream_failed" });
  });

  test("504 where it takes longer than it may", async () => {
    const up = gateway.scene(() => {});
    const answer = await rawRequest(gateway.url, get("/slow"));
    expect(answer.status).toBe(504);
    await (await up.connection(0)).until(({ closed }) => closed);
    expect(up.connections).toHaveLength(1);
    expect(JSON.stringify(answer.text)).not.toContain(gateway.up.url.replace("http://", ""));
  });

  test("502 where nothing listens, without the address", async () => {
    const answer = await rawRequest(gateway.url, get("/dead"));
    expect(answer.status).toBe(502);
    expect(answer.text).not.toContain(new URL(dead).port);
  });
});

describe("several targets", () => {
  test("take turns", async () => {
    for (let request = 0; request < 4; request++) await rawRequest(gateway.url, get("/pair"));
    expect([one.connections.length, two.connections.length]).toEqual([2, 2]);
  });

  test("one that cannot be reached is passed over, and a GET does not notice", async () => {
    const up = gateway.scene();
    for (let request = 0; request < 4; request++) {
      expect((await rawRequest(gateway.url, get("/lame"))).status).toBe(200);
    }
    expect(up.connections).toHaveLength(4);
  });

  test("a POST is never repeated, not even where nothing was sent", async () => {
    const up = gateway.scene();
    const post = get("/crippled", "Content-Length: 2").replace("GET", "POST");
    expect((await rawRequest(gateway.url, `${post}hi`)).status).toBe(502);
    expect(up.connections).toHaveLength(0);
  });
});

describe("a connection that the upstream closes after it was asked", () => {
  test("GET is tried once more, POST is not", async () => {
    const up = gateway.scene(({ socket }) => socket.destroy());
    expect((await rawRequest(gateway.url, get("/public"))).status).toBe(502);
    expect(up.connections).toHaveLength(2);
    expect((await rawRequest(gateway.url, get("/public").replace("GET", "POST"))).status).toBe(502);
    expect(up.connections).toHaveLength(3);
  });
});
