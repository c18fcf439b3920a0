// The least that passing a WebSocket through can cost on Node: the opening is sent on as it came, then both sockets are piped into each other.
import { createServer } from "node:http";
import { connect } from "node:net";

const { PORT, UPSTREAM } = process.env;

createServer()
  .on("upgrade", (request, socket, head) => {
    const upstream = connect({ port: Number(UPSTREAM), host: "127.0.0.1", noDelay: true });
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
    }
    upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
    socket.on("error", () => upstream.destroy());
    upstream.on("error", () => socket.destroy());
  })
  .listen(Number(PORT), "127.0.0.1");
