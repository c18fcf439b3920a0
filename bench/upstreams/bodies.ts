// The service behind the rows for bodies: GET /…/N is answered with N bytes, any other request with 1 kB once its body has come.
// What it sends lies ready, and what it receives is only counted, because it shares a core with the load generator.
import { createServer, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";
const READ_BUFFER_SIZE = 64 * 1024;
const bodies = new Map<number, Buffer>();

/** A response with so many bytes. */
function response(length: number): Buffer {
  const lines = ["HTTP/1.1 200 OK", "Content-Type: application/octet-stream", `Content-Length: ${length}`];
  const made =
    bodies.get(length) ?? Buffer.concat([Buffer.from(lines.join("\r\n") + HEAD_END), Buffer.alloc(length, "x")]);
  bodies.set(length, made);
  return made;
}

class Exchange {
  readonly #socket: Socket;
  #head = "";
  /** Of a request's body, what is still to come. */
  #left = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("error", () => socket.destroy());
  }

  #read(bytes: Buffer): void {
    if (this.#left > 0) {
      this.#left -= bytes.length;
      if (this.#left === 0) this.#socket.write(response(1024));
      return;
    }
    const text = this.#head + bytes.toString("latin1");
    const end = text.indexOf(HEAD_END);
    this.#head = text;
    if (end < 0) return;
    this.#head = "";
    const head = text.slice(0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    this.#left = length - (text.length - end - HEAD_END.length);
    if (this.#left === 0) this.#socket.write(response(length > 0 ? 1024 : Number(/^GET \S*\/(\d+) /.exec(head)?.[1])));
  }
}

createServer({ noDelay: true, highWaterMark: READ_BUFFER_SIZE }, (socket) => new Exchange(socket)).listen(
  Number(process.argv[2]),
  "127.0.0.1",
);
