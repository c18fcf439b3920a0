// The service behind the rows for WebSockets: takes any, and sends each binary message back. Clients mask with zeros, so that it need not.
import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { FramePosition } from "../../src/proxy/websocket-frames.ts";
import { frame } from "../websocket-frame.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Answers the opening (RFC 6455 §4.2.2). */
function accept(socket: Socket, head: string): void {
  const key = /\r\nsec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? "";
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Accept: ${createHash("sha1")
      .update(key + GUID)
      .digest("base64")}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
}

/** Sends back what comes, a frame at a time: only one is ever under way. */
function echo(socket: Socket): (bytes: Buffer) => void {
  const position = new FramePosition();
  let received = 0;
  return (bytes) => {
    received += bytes.length;
    position.pass(bytes);
    if (!position.between) return;
    socket.write(echoOf(received));
    received = 0;
  };
}

const echoes = new Map<number, Buffer>();

/** What answers a masked frame of so many bytes, head included. */
function echoOf(size: number): Buffer {
  const short = size - 2 - 4;
  const payload = short < 126 ? short : short - 2 < 65_536 ? short - 2 : short - 8;
  const made = echoes.get(size) ?? frame(payload, false);
  echoes.set(size, made);
  return made;
}

createServer({ noDelay: true }, (socket) => {
  let head = "";
  let take: (bytes: Buffer) => void = (bytes) => {
    head += bytes.toString("latin1");
    // A probe of the port, and a client, send nothing after the opening until it is answered.
    if (!head.endsWith("\r\n\r\n")) return;
    accept(socket, head);
    take = echo(socket);
  };
  socket.on("data", (bytes) => take(bytes));
  socket.on("error", () => socket.destroy());
}).listen(Number(process.argv[2]), "127.0.0.1");
