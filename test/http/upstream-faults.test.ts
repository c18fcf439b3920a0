import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import type { UpstreamFailure } from "../../src/observe/upstreams.ts";
import { freePort } from "../support/free-port.ts";
import { OK, type RecordedConnection, startRecordingUpstream } from "../support/recording-upstream.ts";
import { answering, gatewayTo, status } from "./upstream-gateway.ts";

const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);
const codeOf = (text: string): string => JSON.parse(bodyOf(text)).code;

describe("how an upstream fails", () => {
  const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  /** Closes without a word, and says so. */
  const closing = ({ socket }: RecordedConnection): void => void socket.end();
  const resetting = ({ socket }: RecordedConnection): void => void socket.resetAndDestroy();

  test.each<[string, UpstreamFailure, number, (connection: RecordedConnection) => void, Record<string, unknown>?]>([
    ["closes before it answers", "closed", 502, closing],
    ["resets before it answers", "closed", 502, resetting],
    ["answers garbage", "bad_response", 502, answering("SSH-2.0-OpenSSH_9.9\r\n")],
    ["answers with half a head", "closed", 502, answering("HTTP/1.1 200 OK\r\nX: a")],
    ["says that a gateway failed", "gateway_status", 504, answering(status(504))],
    ["does not answer in time", "response_timeout", 504, () => {}, { responseTimeout: "100ms" }],
    ["does not answer in all the time there is", "total_timeout", 504, () => {}, { totalTimeout: "100ms" }],
  ])("%s: %s", async (_what, failure, expected, answer, options = {}) => {
    const up = await startRecordingUpstream(answer);
    const gateway = await gatewayTo([up.url], options);
    const answered = await gateway.ask("POST", ["Content-Length: 2"], "hi");
    expect(answered.status).toBe(expected);
    await (await up.connection(0)).until(({ closed }) => closed);
    expect(up.connections).toHaveLength(1);
    expect(gateway.told("upstream_failure")).toEqual([{ kind: "upstream_failure", upstream: "up", failure }]);
  });

  test.each<[string, UpstreamFailure, (connection: RecordedConnection) => void, Record<string, unknown>?]>([
    [
      "resets in the middle of its body",
      "body",
      ({ socket }) => socket.write(`${HEAD}abc`, () => socket.resetAndDestroy()),
    ],
    ["ends in the middle of its body", "body", answering(`${HEAD}abc`)],
    [
      "stalls in the middle of its body",
      "idle_timeout",
      ({ socket }) => void socket.write(`${HEAD}abc`),
      { idleTimeout: "100ms" },
    ],
    [
      "takes more than all the time there is",
      "total_timeout",
      ({ socket }) => void socket.write(`${HEAD}abc`),
      { totalTimeout: "200ms" },
    ],
  ])("%s: %s; the client sees it break, and nobody gets the rest", async (_what, failure, answer, options = {}) => {
    const up = await startRecordingUpstream((connection) => {
      if (up.connections.length === 1) answer(connection);
      else connection.socket.end(OK);
    });
    const gateway = await gatewayTo([up.url], options);
    const client = httpRequest({ port: gateway.port, path: "/x" }).end();
    const [response] = await once(client, "response");
    let received = "";
    await expect(async () => {
      for await (const chunk of response.setEncoding("latin1")) received += chunk;
    }).rejects.toThrow("aborted");
    expect(received).toBe("abc");
    await (await up.connection(0)).until(({ closed }) => closed);
    expect(gateway.told("upstream_failure").map((event) => event.failure)).toEqual([failure]);
    const next = await gateway.ask();
    expect([next.status, bodyOf(next.text)]).toEqual([200, "ok"]);
    expect(up.connections).toHaveLength(2);
  });

  test.each<[string, () => Promise<string>]>([
    ["refuses connections", async () => `http://127.0.0.1:${await freePort()}`],
    ["has a name that nobody knows", async () => "http://upstream.invalid:8080"],
  ])("%s: 502, without its address", async (_what, target) => {
    const url = await target();
    const gateway = await gatewayTo([url]);
    const answer = await gateway.ask("POST");
    expect([answer.status, codeOf(answer.text)]).toEqual([502, "upstream_failed"]);
    expect(answer.text).not.toContain(new URL(url).host);
    expect(gateway.told("upstream_failure")).toMatchObject([{ failure: "connect" }]);
  });

  test("all the time there is counts while a connection is waited for, and not for a WebSocket that is open", async () => {
    const up = await startRecordingUpstream(({ socket }) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    });
    const gateway = await gatewayTo([up.url], { maxConnections: 1, connectTimeout: "30s", totalTimeout: "200ms" });
    const client = connect(gateway.port, "127.0.0.1");
    client.write("GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    await once(client, "data");
    const answer = await gateway.ask();
    expect([answer.status, codeOf(answer.text)]).toEqual([504, "upstream_timeout"]);
    expect(up.connections).toHaveLength(1);
    expect([client.closed, up.connections[0]?.closed]).toEqual([false, false]);
    client.destroy();
  });
});

describe("more than a response may be", () => {
  test("10,000 cookies: 502", async () => {
    const cookies = "Set-Cookie: a=1\r\n".repeat(10_000);
    const up = await startRecordingUpstream(answering(`HTTP/1.1 200 OK\r\n${cookies}Content-Length: 0\r\n\r\n`));
    expect((await (await gatewayTo([up.url])).ask()).status).toBe(502);
  });

  test.each<[string, string]>([
    ["one header", "x".repeat(10_000)],
    ["headers", `X-Another: ${"x".repeat(10_000)}\r\n`],
    ["interim responses", `HTTP/1.1 102 Processing\r\nX: ${"x".repeat(10_000)}\r\n\r\n`],
  ])("%s without end: 502, and little of it is read", async (what, piece) => {
    let sent = 0;
    const up = await startRecordingUpstream(({ socket }) => {
      const more = () => {
        while (!socket.destroyed) {
          sent += piece.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on("drain", more);
      socket.write(what === "interim responses" ? "" : "HTTP/1.1 200 OK\r\nX: a");
      more();
    });
    const gateway = await gatewayTo([up.url]);
    expect((await gateway.ask("POST")).status).toBe(502);
    await (await up.connection(0)).until(({ closed }) => closed);
    expect(sent).toBeLessThan(20_000_000);
  });
});

describe("an upstream that answers before it has read the request", () => {
  test.each<[string, (connection: RecordedConnection) => void]>([
    ["and ends its side", answering(status(413))],
    ["and says that it will close", ({ socket }) => void socket.write(status(413))],
  ])("%s: its answer arrives, the upload upstream ends, and the gateway goes on", async (_what, answer) => {
    const up = await startRecordingUpstream(answer);
    const gateway = await gatewayTo([up.url]);
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
    expect((await gateway.ask()).status).toBe(413);
  });
});
