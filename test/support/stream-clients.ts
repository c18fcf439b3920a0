import { once } from "node:events";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";

/** A client's end of a stream, as the client was told of it. */
export interface OpenClient<End> {
  /** Whether it is still open. */
  isOpen(): boolean;
  readonly end: Promise<End>;
  /** Sends something and waits for its echo, or for whatever comes next. */
  works(): Promise<void>;
  close(): void;
}

/** Close code and reason. */
export type SocketEnd = readonly [code: number, reason: string];

/** Resolves when the WebSocket is open. `headers`: what authenticates it. */
export async function openWebSocket(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<OpenClient<SocketEnd>> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
  const end = new Promise<SocketEnd>((resolve) => {
    socket.once("close", (code, reason) => resolve([code, String(reason)]));
  });
  await once(socket, "open");
  return {
    isOpen: () => socket.readyState === WebSocket.OPEN,
    end,
    async works() {
      socket.send("hello");
      await once(socket, "message");
    },
    close: () => socket.terminate(),
  };
}

/** The statuses of what an EventSource was told until it gave up; null where the connection failed. */
export type EventsEnd = readonly (number | null)[];

/** Resolves when the first event has come. It reconnects, as browsers do, and ends when it has given up. */
export async function openEvents(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<OpenClient<EventsEnd>> {
  const told: (number | null)[] = [];
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
  });
  const message = () =>
    new Promise<void>((resolve) => source.addEventListener("message", () => resolve(), { once: true }));
  const end = new Promise<EventsEnd>((resolve) => {
    source.addEventListener("error", ({ code }) => {
      told.push(code ?? null);
      if (source.readyState === EventSource.CLOSED) resolve(told);
    });
  });
  await Promise.race([message(), end]);
  return {
    isOpen: () => source.readyState === EventSource.OPEN && told.length === 0,
    end,
    works: message,
    close: () => source.close(),
  };
}
