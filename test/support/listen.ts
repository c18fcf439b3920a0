import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { atEnd } from "./at-end.ts";

/** Binds a server to a port on 127.0.0.1, a free one unless it is named. It is closed, with its connections, when the test file ends at the latest. */
export async function listen(
  server: Server,
  port = 0,
  end: () => Promise<void> = () => ended(server),
): Promise<{ readonly port: number; close(): Promise<void> }> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    await end();
  };
  atEnd(close);
  return { port: (server.address() as AddressInfo).port, close };
}

async function ended(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
