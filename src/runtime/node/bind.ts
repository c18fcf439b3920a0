import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import type { ListenAddress } from "../../config/config.ts";

/** A listener cannot be opened; the message says which, why and what to do. */
export class ListenProblem extends Error {
  override readonly name = "ListenProblem";
}

/** Binds a server. Resolves with `host:port`, the port that was really taken. `option`: its name in the configuration. */
export async function bind(server: Server, at: ListenAddress, option: string): Promise<string> {
  const listening = once(server, "listening");
  server.listen(at.port, at.host);
  await listening.catch((error: unknown) => {
    throw new ListenProblem(listenProblem(error, at, option));
  });
  const { address, family, port } = server.address() as AddressInfo;
  return `${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function listenProblem(error: unknown, { host, port }: ListenAddress, option: string): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is in use. Stop what listens there, or set "${option}" to another address.`;
    case "EACCES":
      return `Port ${port} on ${host} may not be used by this user. Set "${option}" to a port above 1023.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine. Set "${option}" to one that is, such as 127.0.0.1:${port}.`;
    default:
      return `Cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
