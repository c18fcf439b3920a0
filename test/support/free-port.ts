import { createServer } from "node:net";

// Below the range that the kernel draws outgoing ports from (32768 up), and each process begins elsewhere in it, so that
// test files that run side by side do not hand out the same port between the check and its use.
const FIRST = 20_000;
const COUNT = 12_000;
let next = (process.pid * 97) % COUNT;

/** A TCP port on 127.0.0.1 that nothing listens on now. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + (next++ % COUNT);
    if (await canListen(port)) return port;
  }
  throw new Error("no free port on 127.0.0.1");
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
