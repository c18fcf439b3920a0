import { connect } from "node:net";
import { expect, test } from "vitest";
import { startTestGateway } from "../../../http/proxy-gateway.ts";
import { waitUntil } from "../../../support/wait-until.ts";

const PIECE = new Uint8Array(65_536).fill(0x20);

test("of a client that does not read, the gateway holds little, and its source may cut it", async () => {
  let made = 0;
  let give: (reason: Error) => void = () => {};
  const endless = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        give = (reason) => controller.error(reason);
      },
      pull(controller) {
        made += PIECE.length;
        controller.enqueue(PIECE);
      },
    },
    { highWaterMark: 0 },
  );
  const { port, listener, observed, close } = await startTestGateway(
    {},
    async () => new Response(endless, { headers: { "Content-Type": "text/event-stream" } }),
  );
  const closed = new Promise((resolve) => {
    listener.server.once("connection", (socket) => socket.once("close", resolve));
  });
  const client = connect(port, "127.0.0.1");
  client.on("error", () => {});
  client.pause();
  client.write("GET /auth/stream HTTP/1.1\r\nHost: x\r\n\r\n");
  let before = -1;
  await waitUntil(
    () => "the answer never comes to a stop",
    () => {
      const still = made > 0 && made === before;
      before = made;
      return still;
    },
  );
  // What it has been handed stands in the kernel's buffers, of both sides.
  expect(made).toBeLessThan(32 * 1024 * 1024);
  give(new Error("the client takes nothing"));
  await closed;
  expect(observed.map(({ kind }) => kind)).toEqual(["request"]);
  client.destroy();
  await close();
});

test("an answer of many pieces leaves no listener behind for each", async () => {
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(warning.name);
  process.on("warning", warn);
  let left = 200;
  const long = new ReadableStream<Uint8Array>({
    pull(controller) {
      left -= 1;
      if (left === 0) controller.close();
      else controller.enqueue(PIECE);
    },
  });
  const { url, close } = await startTestGateway(
    {},
    async () => new Response(long, { headers: { "Content-Type": "text/event-stream" } }),
  );
  expect((await (await fetch(`${url}/auth/stream`)).arrayBuffer()).byteLength).toBe(199 * PIECE.length);
  await close();
  process.off("warning", warn);
  expect(warnings).toEqual([]);
});
