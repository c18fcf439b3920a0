import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { OK, startRecordingUpstream } from "../support/recording-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startTestGateway } from "./proxy-gateway.ts";

const start = (answer?: Parameters<typeof startTestGateway>[1]) =>
  startTestGateway({ routes: [], upstreams: {}, maxBody: "1KiB" }, answer);
const post = (target: string, ...lines: string[]) =>
  `POST ${target} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);

describe("Postern's own endpoints", () => {
  test("see the issuer's origin, whatever Host and the peer say", async () => {
    const gateway = await start();
    const answer = await rawRequest(
      gateway.url,
      `${post("/auth/login?x", "X-Forwarded-Host: evil", "Content-Length: 2")}{}`,
    );
    expect(JSON.parse(bodyOf(answer.text))).toEqual({
      method: "POST",
      url: "https://app.example.com/auth/login?x",
      body: "{}",
    });
    expect(answer.text).toMatch(/\r\ncontent-length: \d+\r\n/i);
  });

  test.each([
    "//auth/login",
    "/auth/login/",
    "/AUTH/login",
    "/%61uth/login",
    "/auth/%6cogin",
    "/x/../auth/login",
    "/auth;x/login",
  ])("%s is not one of them, nor anything else", async (target) => {
    const gateway = await start();
    expect((await rawRequest(gateway.url, post(target, "Content-Length: 0"))).status).toBe(400);
    expect(gateway.answered).toHaveLength(0);
  });

  test.each<[string, string]>([
    ["a length above the bound", `Content-Length: 2000\r\n\r\n${"x".repeat(2000)}`],
    [
      "chunks above the bound",
      `Transfer-Encoding: chunked\r\n\r\n${`200\r\n${"x".repeat(512)}\r\n`.repeat(4)}0\r\n\r\n`,
    ],
    ["a length that only promises it", "Content-Length: 999999999\r\n\r\n"],
  ])("%s: 413, and nobody is asked", async (_what, rest) => {
    const gateway = await start();
    const answer = await rawRequest(gateway.url, post("/auth/login").replace(/\r\n$/, "") + rest);
    expect(answer.status).toBe(413);
    expect(gateway.answered).toHaveLength(0);
  });

  test("a body that was cut off asks for nothing", async () => {
    const gateway = await start();
    const client = connect(gateway.port, "127.0.0.1");
    client.write(`${post("/auth/logout/all", "Content-Length: 100")}{`);
    client.end();
    client.resume();
    await once(client, "close");
    await waitUntil(
      () => "the end of the request was not observed",
      () => gateway.observed.length === 1,
    );
    expect(gateway.answered).toHaveLength(0);
    expect(gateway.observed).toMatchObject([{ route: "reserved" }]);
  });

  test("leave to send a body is given where it will be read", async () => {
    const gateway = await start();
    const leave = await rawRequest(
      gateway.url,
      post("/auth/x", "Expect: 100-continue", "Content-Length: 2"),
      (text) => text !== "",
    );
    expect(leave.text).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    const none = await rawRequest(gateway.url, post("/auth/x", "Expect: 100-continue", "Content-Length: 20000"));
    expect(none.status).toBe(413);
  });

  test("Set-Cookie lines stay apart, and HEAD and 204 have no body", async () => {
    const gateway = await start(async (request) => {
      const headers = new Headers({ "X-Method": request.method });
      headers.append("Set-Cookie", "a=1; Path=/");
      headers.append("Set-Cookie", "b=2");
      return new Response(request.url.endsWith("204") ? null : "text", {
        status: request.url.endsWith("204") ? 204 : 200,
        headers,
      });
    });
    const none = await rawRequest(gateway.url, post("/auth/204", "Content-Length: 0"));
    expect(none.text).toMatch(/^HTTP\/1\.1 204 No Content\r\nset-cookie: a=1; Path=\/\r\nset-cookie: b=2\r\n/);
    expect(none.text).not.toMatch(/content-length|transfer-encoding/i);
    const head = await rawRequest(gateway.url, post("/auth/x").replace("POST", "HEAD"));
    expect(head.text).toContain("x-method: HEAD");
    expect(bodyOf(head.text)).toBe("");
  });

  test("a stream arrives piece by piece, and ends when its reader goes", async () => {
    let cancelled = (_reason: string) => {};
    const ended = new Promise<string>((resolve) => {
      cancelled = resolve;
    });
    const gateway = await start(async () => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
        cancel: () => cancelled("cancelled"),
      });
      return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
    });
    const answer = await rawRequest(gateway.url, post("/auth/x"), (text) => text.includes("data: 1"));
    expect(answer.status).toBe(200);
    expect(await ended).toBe("cancelled");
  });

  test("an endpoint that throws is a 500 that says nothing, and the process goes on", async () => {
    const gateway = await start(async () => {
      throw new Error("a secret");
    });
    const answer = await rawRequest(gateway.url, post("/auth/x"));
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("a secret");
    expect(gateway.observed).toMatchObject([
      { kind: "internal_error" },
      { kind: "request", status: 500, outcome: "internal" },
    ]);
  });
});

describe("closing", () => {
  test("lets a request in flight end, tells its client, and ends idle connections", async () => {
    const up = await startRecordingUpstream(() => {});
    const routes = [{ path: "/*", upstream: "up", access: "public" }];
    const gateway = await startTestGateway({ upstreams: { up: { targets: [up.url] } }, routes });
    const idle = connect(gateway.port, "127.0.0.1");
    await once(idle, "connect");
    const busy = connect(gateway.port, "127.0.0.1");
    busy.setEncoding("latin1");
    let text = "";
    busy.on("data", (chunk: string) => {
      text += chunk;
    });
    busy.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    const connection = await up.connection(0);
    await connection.until(({ received }) => received.includes("\r\n\r\n"));
    const closed = gateway.listener.close(10_000);
    idle.resume();
    connection.socket.end(OK);
    await once(busy, "end");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/\r\nConnection: close\r\n/);
    expect(bodyOf(text)).toBe("ok");
    await closed;
    idle.destroy();
  });
});

test("a client that goes away takes its request with it", async () => {
  const up = await startRecordingUpstream(({ socket }) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  const gateway = await startTestGateway({
    upstreams: { up: { targets: [up.url] } },
    routes: [{ path: "/*", upstream: "up", access: "public" }],
  });
  for (const until of ["", "half"]) {
    const before = up.connections.length;
    const client = connect(gateway.port, "127.0.0.1");
    client.write("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    const connection = await up.connection(before);
    if (until === "") await connection.until(({ received }) => received !== "");
    else await once(client, "data");
    client.destroy();
    await connection.until(({ closed }) => closed);
    expect(connection.closed).toBe(true);
  }
});

test("an upgrade that is refused ends its connection", async () => {
  const gateway = await start();
  const head = ["GET /nowhere HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", "", ""];
  const { status, closed } = await rawRequest(gateway.url, head.join("\r\n"));
  expect([status, closed]).toEqual([404, true]);
});
