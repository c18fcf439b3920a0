import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import { Server as NetServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Front } from "../../app/gateway.ts";
import type { ListenerTls } from "../../config/config.ts";
import { securityHeaders } from "../../http/security-headers.ts";
import { canonicalAddress } from "../../proxy/address.ts";
import { checkRequest } from "../../proxy/check-request.ts";
import { ClientConnections, type ConnectionBounds } from "./client-connections.ts";
import { type AnswerOptions, Exchange } from "./exchange.ts";
import { KEPT_ALIVE } from "./kept-alive.ts";
import { parseRefusal, refuseConnection } from "./parse-error.ts";
import { asksForWebSocket, responseOn, type WebSockets } from "./websocket.ts";

/** Bounds on what a client may send and how long it may take for it; bytes and milliseconds. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  requestTimeout: 300_000,
  connectionsCheckingInterval: 5_000,
  /** Longer than load balancers keep theirs, so that it is they who close. */
  keepAliveTimeout: 75_000,
};
/** Requests of one connection that are under way at once: a client may send any number without waiting for answers (RFC 9112 §9.3.2). */
const MAX_PIPELINED = 100;
/** How long a client may take to agree on TLS. */
const HANDSHAKE = 10_000;
/** How long an idle connection is waited for that another process would not have: a request may be on its way on it. */
const LAST_REQUEST = 2_000;
/** What is left when WebSockets have been told that they end, to hear of it. */
const LAST_WORDS = 1_000;

/** A server, and what is done with it while it runs. */
export interface Listener {
  readonly server: Server;
  /** Requests from now on are served under this front; those under way go on under theirs. */
  use(front: Front): void;
  /** Has each connection end with its next answer, and still takes new ones. */
  leave(): void;
  /**
   * As `close`, where another process takes the connections that come: those that are idle have time to bring a request, with whose
   * answer they end.
   */
  handOver(within: number): Promise<void>;
  /** Takes no more connections, and lets what is under way end. What has not by then, in milliseconds, is cut. */
  close(within: number): Promise<void>;
}

/** How requests that have passed the checks of RFC 9112 are served under one front. */
export interface Serving {
  readonly front: Front;
  serve(exchange: Exchange): void | Promise<void>;
  /** Called once, when no more requests come under it. */
  retire(): void;
  /** Called once after that, when the last request under it has ended. */
  end(): void;
}

/** A serving, and how many requests there are under it. */
interface Stage {
  readonly serving: Serving;
  readonly answers: AnswerOptions;
  requests: number;
  retired: boolean;
}

/** How a request has come out of the server. */
type Arrival = Pick<Exchange, "awaitsContinue" | "upgrade" | "detached">;

const ORDINARY: Arrival = { awaitsContinue: false, upgrade: null, detached: false };

export interface ListenerOptions {
  readonly webSockets: WebSockets;
  /** Whether its requests are counted. */
  readonly observed: boolean;
  /** On the connections of clients. */
  readonly bounds: (front: Front) => ConnectionBounds;
  /** What it speaks TLS with; null: it does not. Whether it does never changes. */
  readonly tls: (front: Front) => ListenerTls | null;
}

/** Node's HTTP server, strict where RFC 9112 is and Node is not, and able to close while connections are kept alive. */
export class HttpListener implements Listener {
  readonly server: Server;
  readonly #under: (front: Front) => Serving;
  readonly #webSockets: WebSockets;
  readonly #observed: boolean;
  readonly #bounds: ListenerOptions["bounds"];
  readonly #tls: (front: Front) => ListenerTls | null;
  readonly #ending = new WeakSet<Socket>();
  readonly #connections = new ClientConnections();
  #stage: Stage;
  #leaving = false;
  #closing = false;

  constructor(under: (front: Front) => Serving, front: Front, { webSockets, observed, bounds, tls }: ListenerOptions) {
    this.#bounds = bounds;
    this.#tls = tls;
    this.#under = under;
    this.#webSockets = webSockets;
    this.#observed = observed;
    this.#stage = this.#stageOf(front);
    const options = {
      ...LIMITS,
      insecureHTTPParser: false,
      ...KEPT_ALIVE,
      // Both are answered here, with a problem document.
      requireHostHeader: false,
      shouldUpgradeCallback: asksForWebSocket,
    };
    const secure = tls(front);
    this.server =
      secure === null
        ? createServer(options)
        : createTlsServer({ ...options, ...secure, minVersion: "TLSv1.2", handshakeTimeout: HANDSHAKE });
    this.server.maxHeadersCount = 0;
    this.server.timeout = bounds(front).sendTimeout;
    this.#listen(this.server);
  }

  use(front: Front): void {
    const before = this.#stage;
    this.#stage = this.#stageOf(front);
    this.#retire(before);
    this.server.timeout = this.#bounds(front).sendTimeout;
    const secure = this.#tls(front);
    // Connections that are open go on under the certificate that they began with.
    if (secure !== null && this.server instanceof TlsServer) {
      this.server.setSecureContext({ ...secure, minVersion: "TLSv1.2" });
    }
  }

  leave(): void {
    this.#leaving = true;
  }

  async handOver(within: number): Promise<void> {
    this.#leaving = true;
    if (!this.server.listening) return;
    const closed = once(this.server, "close");
    // Not the HTTP server's own, which ends idle connections at once.
    NetServer.prototype.close.call(this.server);
    const forIdle = Math.min(within, LAST_REQUEST);
    if (await isSettledWithin(closed, forIdle)) return;
    this.#connections.destroyIdle();
    if (!(await isSettledWithin(closed, within - forIdle))) await this.#drain(0);
  }

  async close(within: number): Promise<void> {
    this.#leaving = true;
    this.#closing = true;
    if (this.server.listening) await this.#drain(within);
    this.#retire(this.#stage);
  }

  async #drain(within: number): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    // Node waits for connections that have not yet brought a request, and no longer times them out.
    this.#connections.destroyIdle();
    if (await isSettledWithin(closed, within)) return;
    this.#webSockets.goAway();
    this.#connections.destroyBusy();
    if (await isSettledWithin(closed, LAST_WORDS)) return;
    this.#webSockets.destroy();
    this.#connections.destroy();
    await closed;
  }

  #stageOf(front: Front): Stage {
    const answers: AnswerOptions = {
      secure: securityHeaders(front.config.origin).flat(),
      cors: front.config.cors,
      draining: () => this.#leaving,
      ending: this.#ending,
    };
    return { serving: this.#under(front), answers, requests: 0, retired: false };
  }

  #retire(stage: Stage): void {
    stage.retired = true;
    stage.serving.retire();
    if (stage.requests === 0) stage.serving.end();
  }

  #listen(server: Server): void {
    server.on("connection", (socket: Socket) => {
      this.#connections.open(socket, this.#bounds(this.#stage.serving.front).max);
    });
    // What speaks HTTP: with TLS another socket, on top of the first.
    server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) =>
      this.#connections.speak(socket),
    );
    // Heard of here, it is no longer the server that ends it.
    server.on("timeout", (socket: Socket) => this.#connections.stoodStill(socket));
    server.on("request", (req: IncomingMessage, res: ServerResponse) => this.#take(req, res, ORDINARY));
    server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) =>
      this.#take(req, res, { ...ORDINARY, awaitsContinue: true }),
    );
    // The server would answer 417 by itself, unseen by what is counted here. What else is expected may be ignored (RFC 9110 §10.1.1).
    server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => this.#take(req, res, ORDINARY));
    server.on("upgrade", (req: IncomingMessage, socket: Socket, head: Buffer) => this.#takeSocket(req, socket, head));
    server.on("connect", (req: IncomingMessage, socket: Socket) => this.#takeSocket(req, socket, Buffer.alloc(0)));
    server.on("clientError", (error: Error, socket: Socket) => {
      const requests = this.#connections.requests(socket);
      // What has not agreed on TLS would not understand.
      if (requests === undefined) socket.destroy();
      else if (requests === 0) refuseConnection(socket, parseRefusal(error), this.#stage.answers.secure);
      else this.#breakOff(socket, error);
    });
  }

  /**
   * The bytes behind a request whose answer is to come are none, or do not come. Where they are of its body, it is what is answered; else
   * the connection is only cut, because another answer would be taken for that one.
   */
  #breakOff(socket: Socket, error: Error): void {
    const exchange = this.#connections.uploading(socket);
    if (exchange === null || exchange.req.complete || exchange.res.headersSent || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, headers, body } = parseRefusal(error);
    exchange.close();
    exchange.outcome = "validation";
    exchange.answer(status, headers, body);
    exchange.onClose?.();
  }

  #takeSocket(req: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (this.#ending.has(socket)) return;
    // The server lets go of the socket at once, while an answer to an earlier request is still to be written to it.
    if ((this.#connections.requests(socket) ?? 0) > 0) {
      socket.destroy();
      return;
    }
    this.#connections.switch(socket);
    socket.setTimeout(0);
    const { sendTimeout } = this.#bounds(this.#stage.serving.front);
    const upgrade = asksForWebSocket(req) ? { socket, head, sendTimeout } : null;
    this.#take(req, responseOn(req, socket), { upgrade, awaitsContinue: false, detached: true });
  }

  #take(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void {
    if (this.#ending.has(req.socket)) return;
    const started = performance.now();
    const stage = this.#stage;
    const exchange = new Exchange(req, res, stage.answers, { ...arrival, peer: peerOf(req.socket) });
    this.#connections.count(req.socket, 1);
    if (this.#connections.requests(req.socket) === MAX_PIPELINED) exchange.close();
    stage.requests++;
    res.once("close", () => {
      this.#connections.count(req.socket, -1);
      exchange.onClose?.();
      if (this.#observed) report(stage.serving.front, exchange, performance.now() - started);
      if (this.#closing) this.server.closeIdleConnections();
      stage.requests--;
      if (stage.retired && stage.requests === 0) stage.serving.end();
    });
    try {
      const served = this.#admit(exchange, stage.serving);
      if (served instanceof Promise) served.catch((error: unknown) => fail(stage.serving.front, exchange, error));
    } catch (error) {
      fail(stage.serving.front, exchange, error);
    }
  }

  #admit(exchange: Exchange, serving: Serving): void | Promise<void> {
    const { req } = exchange;
    const { method = "", url: target = "", httpVersion, rawHeaders: headers } = req;
    const checked = checkRequest({ method, target, httpVersion, headers });
    switch (checked.kind) {
      case "refuse":
        exchange.close();
        exchange.refuse(checked.problem);
        return;
      case "options":
        exchange.answer(204, ["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]);
        return;
      case "request":
        exchange.target = checked.target;
        exchange.headers = checked.headers;
        exchange.framing = checked.framing;
        if (exchange.hasBody) this.#connections.upload(req.socket, exchange);
        if (exchange.detached && exchange.hasBody) {
          exchange.refuse({ code: "validation", detail: "An upgrade takes no body." });
          return;
        }
        return serving.serve(exchange);
    }
  }
}

/** Nothing of the error goes to the client; half an answer is cut. */
function fail(front: Front, exchange: Exchange, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  front.observe({ kind: "internal_error", where: "listener", message });
  if (exchange.res.headersSent) exchange.res.destroy();
  else exchange.refuse({ code: "internal" });
}

function report(front: Front, { req, route, outcome, res }: Exchange, ms: number): void {
  // 499 is what nginx has made customary for a client that went away before its answer.
  const status = res.headersSent || res.statusCode === 101 ? res.statusCode : 499;
  front.observe({ kind: "request", method: req.method ?? "", route, outcome, status, ms });
}

async function isSettledWithin(event: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const stopped = new AbortController();
  const late = delay(milliseconds, false, { signal: stopped.signal, ref: false }).catch(() => false);
  const settled = await Promise.race([event.then(() => true), late]);
  stopped.abort();
  return settled;
}

/** The other end of a socket, in canonical form. */
function peerOf(socket: Socket): string {
  const address = socket.remoteAddress ?? "";
  return address.includes(":") ? (canonicalAddress(address) ?? address) : address;
}
