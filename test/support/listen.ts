import { once } from "node:events";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { atEnd } from "./at-end.ts";

/** An HTTP server ends its connections itself. */
type Server = NetServer & { closeAllConnections?(): void };

/** Binds a server to a port on 127.0.0.1, a free one unless it is named. It is closed, with its connections, when the test file ends at the latest. */
export async function listen(
  server: Server,
  port = 0,
  end?: () => Promise<void>,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    await (end === undefined ? ended(server, connections) : end());
  };
  atEnd(close);
  return { port: (server.address() as AddressInfo).port, close };
}

async function ended(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections?.();
  for (const connection of connections) connection.destroy();
  await closed;
}
