// The service behind every contender: 1 kB of JSON for any request without a body. It speaks HTTP from a fixed buffer,
// because it shares a core with the load generator and must not be what is measured.
import { createServer } from "node:net";

const body = JSON.stringify({ order: 42, lines: "x".repeat(1001) });
const answer = Buffer.from(
  [
    "HTTP/1.1 200 OK",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    `Date: ${new Date().toUTCString()}`,
    "Cache-Control: private",
    `\r\n${body}`,
  ].join("\r\n"),
);

const server = createServer({ noDelay: true }, (socket) => {
  let tail = "";
  socket.on("data", (chunk) => {
    const heads = (tail + chunk.toString("latin1")).split("\r\n\r\n");
    tail = heads.pop() ?? "";
    for (let count = heads.length; count > 0; count--) socket.write(answer);
  });
  socket.on("error", () => socket.destroy());
});
server.listen(Number(process.argv[2]), "127.0.0.1");
