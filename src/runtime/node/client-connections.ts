import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";
import { letGo } from "./let-go.ts";

/** Bounds on the connections of clients. */
export interface ConnectionBounds {
  /** How many there may be. */
  readonly max: number;
  /** Milliseconds after which a client that takes nothing of its answer is let go. */
  readonly sendTimeout: number;
}

/** A connection that speaks HTTP. */
interface Speaking {
  /** Under way. */
  requests: number;
  /** When it began to wait for a request, in turns. */
  idleSince: number;
  /** The last request with a body, until none is under way. */
  upload: Exchange | null;
}

/** At the bound, the idle connections that are closed at a time are this part of all: finding the oldest looks at each. */
const PART = 100;

/** Which connections there are, and which of them have requests under way. */
export class ClientConnections {
  /** All, with what has not agreed on TLS and what has become a WebSocket's. */
  readonly #sockets = new Set<Socket>();
  /** By connection: a set of requests would be rehashed all the time, and keep them. */
  readonly #speaking = new Map<Socket, Speaking>();
  /** Of those, closed to make room, and not gone yet. */
  #leaving = 0;
  #turn = 0;

  /** Takes up a connection. Where there are too many already, those close that have waited for a request the longest, or else this one. */
  open(socket: Socket, max: number): void {
    if (this.#sockets.size - this.#leaving >= max && !this.#closeIdle(Math.ceil(max / PART))) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** From now on it speaks HTTP; with TLS it is another socket, on top of the one that was opened. */
  speak(socket: Socket): void {
    this.#speaking.set(socket, { requests: 0, idleSince: this.#turn++, upload: null });
    socket.once("close", () => this.#speaking.delete(socket));
  }

  /** It speaks something else. */
  switch(socket: Socket): void {
    this.#speaking.delete(socket);
  }

  /** How many requests are under way on a connection; undefined where it does not speak HTTP. */
  requests(socket: Socket): number | undefined {
    return this.#speaking.get(socket)?.requests;
  }

  count(socket: Socket, change: 1 | -1): void {
    const speaking = this.#speaking.get(socket);
    if (speaking === undefined) return;
    speaking.requests += change;
    if (speaking.requests > 0) return;
    speaking.idleSince = this.#turn++;
    speaking.upload = null;
  }

  /** Its newest request has a body, which comes now. */
  upload(socket: Socket, exchange: Exchange): void {
    const speaking = this.#speaking.get(socket);
    if (speaking !== undefined) speaking.upload = exchange;
  }

  /** The newest request with a body. */
  uploading(socket: Socket): Exchange | null {
    return this.#speaking.get(socket)?.upload ?? null;
  }

  /** What a connection on which nothing has moved for a while comes to: it waits for a service, or nobody waits for it. */
  stoodStill(socket: Socket): void {
    const speaking = this.#speaking.get(socket);
    if (speaking === undefined) return;
    if (speaking.requests === 0) socket.destroy();
    else if (socket.writableLength > 0) letGo(socket);
  }

  destroyIdle(): void {
    for (const [socket, { requests }] of this.#speaking) if (requests === 0) socket.destroy();
  }

  destroyBusy(): void {
    for (const [socket, { requests }] of this.#speaking) if (requests > 0) socket.destroy();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Whether there were any. */
  #closeIdle(count: number): boolean {
    const idle = [...this.#speaking].filter(([, { requests }]) => requests === 0);
    idle.sort(([, one], [, other]) => one.idleSince - other.idleSince);
    for (const [socket] of idle.slice(0, count)) {
      this.#speaking.delete(socket);
      this.#leaving++;
      socket.once("close", () => this.#leaving--);
      socket.destroy();
    }
    return idle.length > 0;
  }
}
