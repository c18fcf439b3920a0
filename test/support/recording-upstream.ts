import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { atEnd } from "./at-end.ts";

/** One connection that an upstream got, with every byte of it as Latin-1. */
export interface RecordedConnection {
  readonly socket: Socket;
  readonly received: string;
  /** Whether the other side has ended or reset it. */
  readonly closed: boolean;
  /** Resolves when `check` accepts the connection as it is; asked again at whatever happens on it. */
  until(check: (connection: RecordedConnection) => boolean): Promise<RecordedConnection>;
}

export interface RecordingUpstream {
  readonly url: string;
  readonly connections: readonly RecordedConnection[];
  /** The request heads of all connections, in the order of their connections. */
  heads(): RecordedHead[];
  /** Resolves with the connection of this number, counted from 0, once it is there. */
  connection(index: number): Promise<RecordedConnection>;
  close(): Promise<void>;
}

export interface RecordedHead {
  readonly line: string;
  /** Name, value, name, value… as received. */
  readonly headers: string[];
}

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/** An upstream that understands nothing: `answer` is called once a connection has brought the end of a request's head. */
export async function startRecordingUpstream(
  answer: (connection: RecordedConnection) => void = ({ socket }) => socket.end(OK),
): Promise<RecordingUpstream> {
  const connections: RecordedConnection[] = [];
  const waiting = new Set<() => void>();
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    let received = "";
    let closed = false;
    let answered = false;
    const changed = new Set<() => void>();
    const change = () => {
      for (const check of changed) check();
    };
    const connection: RecordedConnection = {
      socket,
      get received() {
        return received;
      },
      get closed() {
        return closed;
      },
      until: (check) =>
        new Promise((resolve) => {
          const look = () => {
            if (!check(connection)) return;
            changed.delete(look);
            resolve(connection);
          };
          changed.add(look);
          look();
        }),
    };
    connections.push(connection);
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      change();
      if (answered || !received.includes("\r\n\r\n")) return;
      answered = true;
      answer(connection);
    });
    socket.on("error", () => {});
    socket.once("end", () => {
      closed = true;
      change();
    });
    socket.once("close", () => {
      closed = true;
      change();
    });
    for (const look of waiting) look();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const { socket } of connections) socket.destroy();
    await closed;
  };
  atEnd(close);
  return {
    url: `http://127.0.0.1:${port}`,
    connections,
    heads: () => connections.flatMap(({ received }) => (received === "" ? [] : [parseHead(received)])),
    connection: (index) =>
      new Promise((resolve) => {
        const look = () => {
          const connection = connections[index];
          if (connection === undefined) return;
          waiting.delete(look);
          resolve(connection);
        };
        waiting.add(look);
        look();
      }),
    close,
  };
}

function parseHead(text: string): RecordedHead {
  const [line = "", ...lines] = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
  return {
    line,
    headers: lines.flatMap((header) => {
      const colon = header.indexOf(":");
      return [header.slice(0, colon), header.slice(colon + 1).trim()];
    }),
  };
}
