// By their names, and with the timeouts that only Node's transport keeps; upstream-faults.test.ts has what clients see of them.
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

describe("what is told of how an upstream fails", () => {
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
    expect((await gateway.ask("POST", ["Content-Length: 2"], "hi")).status).toBe(expected);
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
  ])("%s: connect", async (_what, target) => {
    const gateway = await gatewayTo([await target()]);
    await gateway.ask("POST");
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

  test("interim responses without end: bad_response, and few are read", async () => {
    let sent = 0;
    const piece = "HTTP/1.1 102 Processing\r\n\r\n".repeat(1000);
    const up = await startRecordingUpstream(({ socket }) => {
      const more = () => {
        for (let room = true; room && !socket.destroyed; sent += piece.length) room = socket.write(piece);
      };
      socket.on("drain", more);
      more();
    });
    const gateway = await gatewayTo([up.url]);
    expect((await gateway.ask("POST")).status).toBe(502);
    await (await up.connection(0)).until(({ closed }) => closed);
    expect(sent).toBeLessThan(20_000_000);
    expect(gateway.told("upstream_failure")).toMatchObject([{ failure: "bad_response" }]);
  });
});
