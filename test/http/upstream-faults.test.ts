import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { type RawAnswer, rawRequest } from "../support/raw-http.ts";
import { OK, type RecordedConnection } from "../support/recording-upstream.ts";
import { type Proxied, startProxied } from "./proxied.ts";
import { answering, status } from "./upstream-gateway.ts";

const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);
const codeOf = (text: string): string => JSON.parse(bodyOf(text)).code;

/** Where nobody is. */
const nowhere = {
  dead: `http://127.0.0.1:${await freePort()}`,
  nameless: "http://upstream.invalid:8080",
};
let gateway: Proxied;
beforeAll(async () => {
  gateway = await startProxied((up) => ({
    upstreams: {
      up: { targets: [up] },
      quick: { targets: [up], responseTimeout: "100ms" },
      ...Object.fromEntries(Object.entries(nowhere).map(([name, target]) => [name, { targets: [target] }])),
    },
    routes: [
      { path: "/*", upstream: "up", access: "public" },
      ...["quick", "dead", "nameless"].map((name) => ({ path: `/${name}`, upstream: name, access: "public" })),
    ],
  }));
});

function ask(method = "GET", path = "/x"): Promise<RawAnswer> {
  const body = method === "POST" ? "hi" : "";
  const lines = [`${method} ${path} HTTP/1.1`, "Host: a", "Connection: close", `Content-Length: ${body.length}`];
  return rawRequest(gateway.url, `${lines.join("\r\n")}\r\n\r\n${body}`);
}

describe("an upstream that fails", () => {
  const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";

  test.each<[string, number, (connection: RecordedConnection) => void, string?]>([
    ["closes before it answers", 502, ({ socket }) => void socket.end()],
    ["resets before it answers", 502, ({ socket }) => void socket.resetAndDestroy()],
    ["answers garbage", 502, answering("SSH-2.0-OpenSSH_9.9\r\n")],
    ["answers with half a head", 502, answering("HTTP/1.1 200 OK\r\nX: a")],
    ["says that a gateway failed", 504, answering(status(504))],
    ["does not answer in time", 504, () => {}, "/quick"],
  ])("%s: %s, and a POST is sent once", async (_what, expected, answer, path) => {
    const up = gateway.scene(answer);
    expect((await ask("POST", path)).status).toBe(expected);
    await (await up.connection(0)).until(({ closed }) => closed);
    expect(up.connections).toHaveLength(1);
  });

  test.each<[string, (connection: RecordedConnection) => void]>([
    ["resets in the middle of its body", ({ socket }) => socket.write(`${HEAD}abc`, () => socket.resetAndDestroy())],
    ["ends in the middle of its body", answering(`${HEAD}abc`)],
  ])("%s: the client sees it break, and nobody gets the rest", async (_what, answer) => {
    gateway.scene(answer);
    const client = httpRequest({ port: gateway.port, path: "/x" }).end();
    const [response] = await once(client, "response");
    let received = "";
    await expect(async () => {
      for await (const chunk of response.setEncoding("latin1")) received += chunk;
    }).rejects.toThrow("aborted");
    expect(received).toBe("abc");
    gateway.scene(({ socket }) => socket.end(OK));
    const next = await ask();
    expect([next.status, bodyOf(next.text)]).toEqual([200, "ok"]);
  });

  test.each(["dead", "nameless"] as const)("is %s: 502, without its address", async (name) => {
    const answer = await ask("POST", `/${name}`);
    expect([answer.status, codeOf(answer.text)]).toEqual([502, "upstream_failed"]);
    expect(answer.text).not.toContain(new URL(nowhere[name]).host);
  });
});

describe("more than a response may be", () => {
  test("10,000 cookies: 502", async () => {
    const cookies = "Set-Cookie: a=1\r\n".repeat(10_000);
    gateway.scene(answering(`HTTP/1.1 200 OK\r\n${cookies}Content-Length: 0\r\n\r\n`));
    expect((await ask()).status).toBe(502);
  });

  test.each<[string, string]>([
    ["one header", "x".repeat(10_000)],
    ["headers", `X-Another: ${"x".repeat(10_000)}\r\n`],
  ])("%s without end: 502, and little of it is read", async (_what, piece) => {
    let sent = 0;
    const up = gateway.scene(({ socket }) => {
      const more = () => {
        while (!socket.destroyed) {
          sent += piece.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on("drain", more);
      socket.write("HTTP/1.1 200 OK\r\nX: a");
      more();
    });
    expect((await ask("POST")).status).toBe(502);
    await (await up.connection(0)).until(({ closed }) => closed);
    expect(sent).toBeLessThan(20_000_000);
  });
});

describe("an upstream that answers before it has read the request", () => {
  test.each<[string, (connection: RecordedConnection) => void]>([
    ["and ends its side", answering(status(413))],
    ["and says that it will close", ({ socket }) => void socket.write(status(413))],
  ])("%s: its answer arrives, the upload upstream ends, and the gateway goes on", async (_what, answer) => {
    const up = gateway.scene(answer);
    const client = httpRequest({
      ...{ port: gateway.port, method: "POST", path: "/x" },
      headers: { "content-length": 50_000_000 },
    });
    client.on("error", () => {});
    client.write(Buffer.alloc(65_536));
    const [response] = await once(client, "response");
    expect(response.statusCode).toBe(413);
    response.resume();
    await (await up.connection(0)).until(({ closed }) => closed);
    client.destroy();
    expect((await ask()).status).toBe(413);
  });
});
