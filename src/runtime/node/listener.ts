import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Decision } from "../../app/decision.ts";
import type { Front } from "../../app/gateway.ts";
import { securityHeaders } from "../../http/security-headers.ts";
import { randomHex } from "../../lib/random-hex.ts";
import { canonicalAddress } from "../../proxy/address.ts";
import { checkRequest } from "../../proxy/check-request.ts";
import { type AnswerOptions, Exchange } from "./exchange.ts";
import { answerParseError } from "./parse-error.ts";
import { createProxy, type ReverseProxy } from "./proxy.ts";
import { answerAsWeb } from "./web-request.ts";
import { asksForWebSocket, responseOn, WebSockets } from "./websocket.ts";

/** Bounds on what a client may send and how long it may take for it; bytes and milliseconds. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  requestTimeout: 300_000,
  connectionsCheckingInterval: 5_000,
  /** Longer than load balancers keep theirs, so that it is they who close. */
  keepAliveTimeout: 75_000,
};

/** What is done with a request that has passed the checks of RFC 9112. */
type Serve = (exchange: Exchange) => void | Promise<void>;

/** The public listener: Postern's own endpoints, and everything else by decision to its upstream. */
export function createListener(gateway: Front): Server {
  const webSockets = new WebSockets(gateway.streams);
  const proxy = createProxy(gateway, `postern-${randomHex(6)}`, webSockets);
  const { origin, maxBody } = gateway.config;
  const server = new Listener(gateway, { webSockets, observed: true }, (exchange) => {
    const { target, headers, peer, req } = exchange;
    if (gateway.isReserved(target)) {
      exchange.route = "reserved";
      return answerAsWeb(exchange, { answer: gateway.endpoints, tooLarge: gateway.tooLarge, origin, maxBody });
    }
    const decision = gateway.decide({ method: req.method ?? "GET", target, headers, peer });
    return decision instanceof Promise
      ? decision.then((settled) => carryOut(exchange, settled, proxy))
      : carryOut(exchange, decision, proxy);
  });
  server.once("close", () => void proxy.destroy());
  return server;
}

/** The listener for operators: probes, metrics and the admin API. */
export function createOperationsListener(gateway: Front): Server {
  const { origin, maxBody } = gateway.config;
  return new Listener(gateway, { webSockets: new WebSockets(gateway.streams), observed: false }, (exchange) =>
    answerAsWeb(exchange, { answer: gateway.operations, tooLarge: gateway.tooLarge, origin, maxBody }),
  );
}

function carryOut(exchange: Exchange, decision: Decision, proxy: ReverseProxy): void {
  switch (decision.kind) {
    case "pass":
      exchange.route = routeLabel(decision.route);
      if (exchange.upgrade !== null && !decision.route.websocket) {
        exchange.refuse({ code: "forbidden", detail: "This route takes no WebSockets." });
        return;
      }
      proxy.forward(exchange, decision);
      return;
    case "redirect": {
      exchange.route = routeLabel(decision.route);
      const cookies = decision.cookies.flatMap((cookie) => ["Set-Cookie", cookie]);
      exchange.answer(303, ["Location", decision.location, "Cache-Control", "no-store", ...cookies]);
      return;
    }
    case "preflight":
      exchange.answer(204, decision.headers);
      return;
    case "refuse":
      if (decision.route !== null) exchange.route = routeLabel(decision.route);
      exchange.refuse(decision.problem);
      return;
    default:
      decision satisfies never;
  }
}

const routeLabel = ({ host, path }: { readonly host: string | null; readonly path: string }): string =>
  host === null ? path : host + path;

/** How a request has come out of the server. */
type Arrival = Pick<Exchange, "awaitsContinue" | "upgrade" | "detached">;

const ORDINARY: Arrival = { awaitsContinue: false, upgrade: null, detached: false };

interface ListenerOptions {
  readonly webSockets: WebSockets;
  /** Whether its requests are counted. */
  readonly observed: boolean;
}

/** Node's HTTP server, strict where RFC 9112 is and Node is not, and able to close while connections are kept alive. */
class Listener extends Server {
  readonly #gateway: Front;
  readonly #serve: Serve;
  readonly #webSockets: WebSockets;
  readonly #observed: boolean;
  readonly #answers: AnswerOptions;
  /** How many requests each connection waits for. By connection: a set of requests would be rehashed all the time, and keep them. */
  readonly #waiting = new Map<Socket, number>();
  #draining = false;

  constructor(gateway: Front, { webSockets, observed }: ListenerOptions, serve: Serve) {
    super({
      ...LIMITS,
      insecureHTTPParser: false,
      // Both are answered here, with a problem document.
      requireHostHeader: false,
      shouldUpgradeCallback: asksForWebSocket,
    });
    this.maxHeadersCount = 0;
    this.#gateway = gateway;
    this.#serve = serve;
    this.#webSockets = webSockets;
    this.#observed = observed;
    this.#answers = {
      secure: securityHeaders(gateway.config.origin).flat(),
      origins: gateway.config.cors.origins,
      draining: () => this.#draining,
      ending: new WeakSet(),
    };
    this.on("connection", (socket: Socket) => {
      this.#waiting.set(socket, 0);
      socket.once("close", () => this.#waiting.delete(socket));
    });
    this.on("request", (req: IncomingMessage, res: ServerResponse) => this.#take(req, res, ORDINARY));
    this.on("checkContinue", (req: IncomingMessage, res: ServerResponse) =>
      this.#take(req, res, { ...ORDINARY, awaitsContinue: true }),
    );
    // The server would answer 417 by itself, unseen by what is counted here. What else is expected may be ignored (RFC 9110 §10.1.1).
    this.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => this.#take(req, res, ORDINARY));
    this.on("upgrade", (req: IncomingMessage, socket: Socket, head: Buffer) => this.#takeSocket(req, socket, head));
    this.on("connect", (req: IncomingMessage, socket: Socket) => this.#takeSocket(req, socket, Buffer.alloc(0)));
    this.on("clientError", (error: Error, socket: Socket) => {
      const underWay = (this.#waiting.get(socket) ?? 0) > 0;
      answerParseError(error, socket, { underWay, secure: this.#answers.secure });
    });
  }

  override close(callback?: (error?: Error) => void): this {
    this.#draining = true;
    this.#webSockets.goAway();
    super.close(callback);
    // Node waits for connections that have not yet brought a request, and no longer times them out.
    for (const [socket, requests] of this.#waiting) if (requests === 0) socket.destroy();
    return this;
  }

  override closeAllConnections(): void {
    this.#webSockets.destroy();
    super.closeAllConnections();
  }

  #takeSocket(req: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (this.#answers.ending.has(socket)) return;
    // The server lets go of the socket at once, while an answer to an earlier request is still to be written to it.
    if ((this.#waiting.get(socket) ?? 0) > 0) {
      socket.destroy();
      return;
    }
    socket.setTimeout(0);
    const upgrade = asksForWebSocket(req) ? { socket, head } : null;
    this.#take(req, responseOn(req, socket), { upgrade, awaitsContinue: false, detached: true });
  }

  #take(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void {
    if (this.#answers.ending.has(req.socket)) return;
    const started = performance.now();
    const exchange = new Exchange(req, res, this.#answers, { ...arrival, peer: peerOf(req.socket) });
    this.#count(req.socket, 1);
    res.once("close", () => {
      this.#count(req.socket, -1);
      exchange.onClose?.();
      if (this.#observed) this.#report(exchange, performance.now() - started);
      if (this.#draining) this.closeIdleConnections();
    });
    try {
      const served = this.#admit(exchange);
      if (served instanceof Promise) served.catch((error: unknown) => this.#fail(exchange, error));
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  #count(socket: Socket, change: 1 | -1): void {
    const requests = this.#waiting.get(socket);
    if (requests !== undefined) this.#waiting.set(socket, requests + change);
  }

  #admit(exchange: Exchange): void | Promise<void> {
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
        if (exchange.detached && exchange.hasBody) {
          exchange.refuse({ code: "validation", detail: "An upgrade takes no body." });
          return;
        }
        return this.#serve(exchange);
    }
  }

  /** Nothing of the error goes to the client; half an answer is cut. */
  #fail(exchange: Exchange, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#gateway.observe({ kind: "internal_error", where: "listener", message });
    if (exchange.res.headersSent) exchange.res.destroy();
    else exchange.refuse({ code: "internal" });
  }

  #report({ route, outcome, res }: Exchange, ms: number): void {
    // 499 is what nginx has made customary for a client that went away before its answer.
    const status = res.headersSent || res.statusCode === 101 ? res.statusCode : 499;
    this.#gateway.observe({ kind: "request", route, outcome, status, ms });
  }
}

/** The other end of a socket, in canonical form. */
function peerOf(socket: Socket): string {
  const address = socket.remoteAddress ?? "";
  return address.includes(":") ? (canonicalAddress(address) ?? address) : address;
}
