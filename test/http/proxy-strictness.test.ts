import { once } from "node:events";
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { OK } from "../support/recording-upstream.ts";
import { readVectors } from "../support/vectors.ts";
import { type Proxied, startProxied } from "./proxied.ts";

let gateway: Proxied;
beforeAll(async () => {
  gateway = await startProxied((up) => ({
    upstreams: { up: { targets: [up] } },
    routes: [
      { path: "/*", upstream: "up", access: "public" },
      { host: "admin.example", path: "/*", upstream: "up", access: "required" },
    ],
  }));
});

/** A second request in the same bytes: it must be answered by nobody where the end of the first is not sure. */
const SECOND = "GET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const answers = (text: string): number => text.split(/HTTP\/1\.[01] \d{3} /).length - 1;

describe("requests that are refused, and the connection with them", () => {
  test.each<[string, string]>([
    ["no Host", "GET / HTTP/1.1\r\n\r\n"],
    ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"],
    ["a Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"],
    ["a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "another coding before chunked",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ],
    ["chunked twice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"],
    [
      "chunked on two lines",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"],
    ["chunks in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n"],
    ["a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n"],
    ["a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n"],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n"],
    ["a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"],
    ["a bare LF", "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"],
    ["a bare CR", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n"],
    ["a NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\0\r\n\r\n"],
    [
      "h2c",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    ],
    ["another version in this syntax", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"],
    ["HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a fragment in the target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a target that is no path", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["an asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["bytes above ASCII in the target", "GET /\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["an absolute target with a user", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["an absolute target of another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["too many header lines", `GET / HTTP/1.1\r\nHost: a\r\n${"X: 1\r\n".repeat(300)}\r\n`],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01"],
  ])("%s", async (_what, bytes) => {
    const up = gateway.scene();
    const answer = await rawRequest(gateway.url, bytes + SECOND);
    expect(answer.status).toBe(400);
    expect(answer.closed).toBe(true);
    expect(answers(answer.text)).toBe(1);
    expect(answer.text).toContain("application/problem+json");
    expect(up.connections).toHaveLength(0);
  });

  test("a head that is too big: 431", async () => {
    const up = gateway.scene();
    const answer = await rawRequest(gateway.url, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(answer.status).toBe(431);
    expect(up.connections).toHaveLength(0);
  });

  test.each(["TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"])(
    "405: %j",
    async (bytes) => {
      const up = gateway.scene();
      const answer = await rawRequest(gateway.url, bytes);
      expect(answer.status).toBe(405);
      expect(answer.text).toMatch(/\r\nAllow: GET, /);
      expect(up.connections).toHaveLength(0);
    },
  );
});

test("of pipelined requests after one that is cut short, none is answered", async () => {
  const up = gateway.scene();
  const client = connect(gateway.port, "127.0.0.1");
  client.on("error", () => {});
  client.resume();
  client.end(`POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n${SECOND}`);
  await once(client, "close");
  expect(up.connections.map(({ received }) => received).join()).not.toContain("second");
});

describe("known smuggling gadgets", () => {
  const SMUGGLED = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

  test.each(["default", "doubles"])(
    "%s: one answer, and no second request upstream",
    { timeout: 60_000 },
    async (name) => {
      const text = readVectors(`smuggler/${name}.json`);
      if (text === null) return;
      const gadgets: Readonly<Record<string, string>> = JSON.parse(text);
      const up = gateway.scene((connection) => {
        void connection.until(({ received }) => received.endsWith(SMUGGLED)).then(({ socket }) => socket.end(OK));
      });
      for (const [gadget, encoded] of Object.entries(gadgets)) {
        const header = Buffer.from(encoded, "base64").toString("latin1");
        const head = `POST /first HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${header}\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n`;
        const answer = await rawRequest(gateway.url, head + SMUGGLED);
        expect([200, 400, 501], gadget).toContain(answer.status);
        expect(answers(answer.text), gadget).toBe(1);
      }
      for (const { received } of up.connections) {
        expect(received.endsWith(`content-length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`)).toBe(true);
      }
      for (const { line, headers } of up.heads()) {
        expect(line).toBe("POST /first HTTP/1.1");
        expect(headers.filter((name, at) => at % 2 === 0 && /transfer|_/i.test(name))).toEqual([]);
      }
    },
  );
});
