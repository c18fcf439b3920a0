import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectSecure } from "node:tls";
import { KEPT_ALIVE } from "../kept-alive.ts";
import { Connection, type ConnectionOwner, KEPT, type Waiting } from "./connection.ts";
import { UpstreamError } from "./upstream-error.ts";

/** Milliseconds. */
export interface ClientOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  readonly connectTimeout: number;
  /** From the end of the request to that of the response's head. */
  readonly responseTimeout: number;
  /** Between two pieces of the response's body. */
  readonly idleTimeout: number;
  /** Of HTTPS. */
  readonly tls?: ConnectionOptions;
}

/** Times are looked at this often within the shortest of them. */
const LOOKS = 8;

/** What every connection reads into: what has been read is used up, or copied, before anything else is read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** Speaks HTTP/1.1 with one target, over connections that it keeps (RFC 9112 §9.3), the one used last first. */
export class UpstreamClient implements ConnectionOwner {
  readonly host: string;
  readonly #options: ClientOptions;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #secure: boolean;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #tickLength: number;
  #ticker: NodeJS.Timeout | null = null;
  tick = 0;

  constructor(options: ClientOptions) {
    const { hostname, port, host, protocol } = new URL(options.origin);
    this.#options = options;
    this.#secure = protocol === "https:";
    this.host = host;
    this.#target = {
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (this.#secure ? 443 : 80) : Number(port),
    };
    const shortest = Math.min(options.connectTimeout, options.responseTimeout, options.idleTimeout, KEPT);
    this.#tickLength = Math.max(5, Math.ceil(shortest / LOOKS));
  }

  /** A connection that is free for a request. `upgrade`: whether the request is to take it over. */
  connection(upgrade: boolean): Connection {
    return (upgrade ? undefined : this.#idle.pop()) ?? this.#connect(upgrade);
  }

  /** Ends every connection, in the middle of whatever it brings. */
  destroy(): void {
    for (const connection of this.#open) connection.fail(new UpstreamError(null, "the gateway is closing"));
  }

  onIdle(connection: Connection): void {
    if (connection.keep > 0) this.#idle.push(connection);
    else connection.end();
  }

  onClosed(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#open.size > 0 || this.#ticker === null) return;
    clearInterval(this.#ticker);
    this.#ticker = null;
  }

  #connect(upgrade: boolean): Connection {
    const { tls } = this.#options;
    const target = { ...this.#target, noDelay: true, ...KEPT_ALIVE };
    const options = upgrade
      ? target
      : { ...target, onread: { buffer: READ_BUFFER, callback: (length: number) => received(length) } };
    const socket: Socket = this.#secure ? connectSecure({ ...tls, ...options }) : connect(options);
    const connection = new Connection(this, socket, { secure: this.#secure, events: upgrade });
    const received = (length: number): boolean => {
      connection.receive(READ_BUFFER, length);
      return true;
    };
    this.#open.add(connection);
    this.#ticker ??= setInterval(() => this.#look(), this.#tickLength).unref();
    return connection;
  }

  #look(): void {
    this.tick++;
    for (const connection of this.#open) {
      const { waitsFor } = connection;
      if (waitsFor !== null && this.tick - connection.since > this.#patience(connection, waitsFor)) {
        connection.fail(LATE[waitsFor]());
      }
    }
  }

  /** In ticks. */
  #patience(connection: Connection, waitsFor: Waiting): number {
    const { connectTimeout, responseTimeout, idleTimeout } = this.#options;
    switch (waitsFor) {
      case "connect":
        return this.#ticks(connectTimeout);
      case "response":
        return this.#ticks(responseTimeout);
      case "piece":
        return this.#ticks(idleTimeout);
      case "request":
        return this.#ticks(connection.keep) - 2;
    }
  }

  #ticks(milliseconds: number): number {
    return Math.ceil(milliseconds / this.#tickLength);
  }
}

const LATE: Readonly<Record<Waiting, () => UpstreamError>> = {
  connect: () => new UpstreamError("connect_timeout", "no connection in time"),
  response: () => new UpstreamError("response_timeout", "no response in time"),
  piece: () => new UpstreamError("idle_timeout", "no more of the body in time"),
  request: () => new UpstreamError(null, "idle for long enough"),
};
