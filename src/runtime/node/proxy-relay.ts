import type { Duplex, Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { HeaderList } from "../../lib/header-list.ts";
import type { Problem } from "../../protocol/errors.ts";
import { responseHeaders } from "../../proxy/response-headers.ts";
import type { Exchange } from "./exchange.ts";
import type { Target, Targets } from "./proxy-targets.ts";
import type { WebSockets } from "./websocket.ts";

/** Interim responses that one request may bring. */
const MAX_INTERIM = 16;
/** Safe methods: asked twice, they do no more than once (RFC 9110 §9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
/** How a connection fails that the upstream closed just as it was used again (RFC 9112 §9.3.1). */
const CLOSED_UNDERFOOT = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** A request on its way, and how its answer is to come back. */
export interface Relayed {
  readonly exchange: Exchange;
  readonly targets: Targets;
  readonly webSockets: WebSockets;
  readonly method: string;
  readonly headers: string[];
  readonly body: Readable | null;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  readonly authenticated: boolean;
  readonly cookies: readonly string[];
}

/** Sends a request to its upstream and writes the response straight to the client, piece by piece, with back-pressure both ways. */
export class Relay implements Dispatcher.DispatchHandler {
  readonly #relayed: Relayed;
  readonly #exchange: Exchange;
  #target: Target;
  #controller: Dispatcher.DispatchController | null = null;
  #repeated = false;
  #waiting = false;
  #written = false;
  #interim = 0;

  constructor(relayed: Relayed) {
    this.#relayed = relayed;
    this.#exchange = relayed.exchange;
    this.#target = relayed.targets.pick(null);
  }

  dispatch(): void {
    const { method, headers, body, exchange } = this.#relayed;
    const upgrade = exchange.upgrade === null ? null : "websocket";
    this.#target.pool.dispatch({ path: exchange.target, method, headers, body, upgrade }, this);
  }

  /** Ends the request to the upstream, where it has not ended. */
  abort(): void {
    this.#controller?.abort(new Error("the client went away"));
    this.#relayed.body?.destroy();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#exchange.gone) this.abort();
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    _status: number,
    _headers: unknown,
    upstream: Duplex,
  ): void {
    const { webSockets, exchange, pseudonym, cookies } = this.#relayed;
    webSockets.join(exchange, headerLines(controller), upstream, { pseudonym, cookies });
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    phrase: string | undefined,
  ): void {
    const exchange = this.#exchange;
    if (status < 200) {
      this.#interim++;
      // 101 without having been asked, or no end of interim responses. Others are dropped: they promise nothing.
      if (status === 101 || this.#interim > MAX_INTERIM) controller.abort(new Error("a bad interim response"));
      return;
    }
    const { pseudonym, authenticated, cookies } = this.#relayed;
    const lines = headerLines(controller);
    const cors = exchange.cors();
    const headers = responseHeaders({ status, headers: lines, pseudonym, authenticated, cookies, cors });
    if (headers === null) {
      controller.abort(new Error("a transfer coding that cannot be passed on"));
      return;
    }
    exchange.outcome = "proxied";
    exchange.head(status, isPlain(phrase) ? phrase : undefined, headers);
    // The head goes with the first piece of the body. A body of unknown length may be long in coming, as an event stream's is.
    if (!hasLength(headers)) process.nextTick(flushHead, this);
  }

  /** Sends the head where no piece of the body has come with it. */
  flush(): void {
    if (!this.#written && !this.#exchange.gone) this.#exchange.res.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { res } = this.#exchange;
    this.#written = true;
    if (res.write(chunk)) return;
    controller.pause();
    if (this.#waiting) return;
    this.#waiting = true;
    res.once("drain", () => {
      this.#waiting = false;
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#written = true;
    this.#controller = null;
    this.#exchange.res.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const exchange = this.#exchange;
    const sent = this.#controller !== null;
    this.#controller = null;
    if (!sent) this.#relayed.targets.avoid(this.#target);
    if (exchange.gone) return;
    if (exchange.res.headersSent) this.#cut();
    else if (this.#mayRepeat(error, sent)) this.#repeat();
    else exchange.refuse(problemOf(error));
  }

  /** Once, and only what cannot have been done or does nothing (RFC 9110 §9.2.2). */
  #mayRepeat(error: Error, sent: boolean): boolean {
    const { body, method } = this.#relayed;
    if (this.#repeated || body !== null || !SAFE.has(method)) return false;
    return !sent || ("code" in error && CLOSED_UNDERFOOT.has(String(error.code)));
  }

  #repeat(): void {
    this.#repeated = true;
    this.#target = this.#relayed.targets.pick(this.#target);
    this.dispatch();
  }

  /** Half a response must not look like a whole one: to HTTP/1.0 the end of the connection would, so that it gets a reset. */
  #cut(): void {
    const { req, res } = this.#exchange;
    if (req.httpVersion === "1.0") res.socket?.resetAndDestroy();
    res.destroy();
  }
}

const flushHead = (relay: Relay): void => relay.flush();

function hasLength(headers: HeaderList): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length") return true;
  }
  return false;
}

/** A reason phrase that may be written again; undici has read it as UTF-8. Nobody needs one (RFC 9112 §4). */
const isPlain = (phrase: string | undefined): boolean => phrase !== undefined && /^[\t\x20-\x7e]*$/.test(phrase);

/** The response's header lines as they came; undici hands them over as bytes. */
function headerLines({ rawHeaders }: Dispatcher.DispatchController): HeaderList {
  if (!Array.isArray(rawHeaders)) return [];
  return rawHeaders.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}

function problemOf(error: Error): Problem {
  const code = "code" in error ? error.code : null;
  switch (code) {
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
    case "ETIMEDOUT":
      return { code: "upstream_timeout" };
    default:
      return { code: "upstream_failed" };
  }
}
