import { createServer, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { listen } from "./listen.ts";

export interface StreamingUpstream {
  readonly url: string;
  /** The WebSockets that it has taken, in order; each is sent back what it sends. */
  readonly sockets: readonly WebSocket[];
  /** The responses that it has begun and left open. */
  readonly responses: readonly ServerResponse[];
  close(): Promise<void>;
}

/**
 * A service whose answers do not end: WebSockets that echo, compressed where the client wants that, and event streams that begin with
 * `hello` and go on with `more`. Closed when the test file ends.
 */
export async function startStreamingUpstream(): Promise<StreamingUpstream> {
  const sockets: WebSocket[] = [];
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
    // Clients that have lost it come back soon.
    response.write("retry: 10\ndata: hello\n\n");
    const beat = setInterval(() => response.write("data: more\n\n"), 100);
    response.once("close", () => clearInterval(beat));
  });
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: true, maxPayload: 64 * 1024 * 1024 });
  server.on("upgrade", (request, socket: Duplex, head) => {
    webSockets.handleUpgrade(request, socket, head, (opened) => {
      sockets.push(opened);
      opened.on("error", () => {});
      opened.on("message", (data, binary) => opened.send(data, { binary }));
    });
  });
  const { port, close } = await listen(server);
  return {
    ...{ url: `http://127.0.0.1:${port}`, sockets, responses },
    async close() {
      for (const socket of sockets) socket.terminate();
      await close();
    },
  };
}
