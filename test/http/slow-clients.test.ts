import { connect } from "node:net";
import { expect, test } from "vitest";
import { type RecordedConnection, startRecordingUpstream } from "../support/recording-upstream.ts";
import { gatewayTo } from "./upstream-gateway.ts";

/** More than the buffers of two sockets take. */
const LONG = Buffer.alloc(64 * 1024 * 1024, "x");

const long = ({ socket }: RecordedConnection): void => {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LONG.length}\r\n\r\n`);
  socket.end(LONG);
};
const short = ({ socket }: RecordedConnection): void =>
  void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");

test("a client that does not read its answer keeps its place at the target for no longer than `clientTimeout`", async () => {
  const up = await startRecordingUpstream((connection) => (up.connections.length === 1 ? long : short)(connection));
  const gateway = await gatewayTo([up.url], { clientTimeout: "200ms", maxConnections: 1, connectTimeout: "10s" });
  const client = connect(gateway.port, "127.0.0.1");
  client.on("error", () => {});
  client.pause();
  client.write("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  await (await up.connection(0)).until(({ closed }) => closed);
  expect((await gateway.ask()).status).toBe(200);
  expect(gateway.told("upstream_failure")).toEqual([]);
  const end = new Promise((resolve) => client.once("close", resolve));
  let received = 0;
  client.on("data", (piece) => {
    received += piece.length;
  });
  client.resume();
  await end;
  expect(received).toBeLessThan(LONG.length);
});
