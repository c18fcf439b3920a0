import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";
import type { HeaderList } from "../../lib/header-list.ts";
import type { Problem } from "../../protocol/errors.ts";
import { responseHeaders } from "../../proxy/response-headers.ts";
import type { Exchange } from "./exchange.ts";

/** Interim responses that one request may bring. */
const MAX_INTERIM = 16;

export interface RelayOptions {
  readonly pseudonym: string;
  readonly authenticated: boolean;
  readonly cookies: readonly string[];
  /** Called when no response has come; true: somebody else takes it from here. */
  readonly retry: (error: Error, sent: boolean) => boolean;
  /** Takes over after 101; null where none was asked for. */
  readonly onUpgrade: ((headers: HeaderList, upstream: Duplex) => void) | null;
}

/** Writes an upstream's response straight to the client, piece by piece, with back-pressure. */
export class Relay implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #options: RelayOptions;
  #controller: Dispatcher.DispatchController | null = null;
  #waiting = false;
  #written = false;
  #interim = 0;

  constructor(exchange: Exchange, options: RelayOptions) {
    this.#exchange = exchange;
    this.#options = options;
  }

  /** Ends the request to the upstream. */
  abort(): void {
    this.#controller?.abort(new Error("the client went away"));
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
    this.#options.onUpgrade?.(headerLines(controller), upstream);
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
    const { pseudonym, authenticated, cookies } = this.#options;
    const cors = exchange.cors();
    const headers = responseHeaders({
      ...{ status, headers: headerLines(controller) },
      ...{ pseudonym, authenticated, cookies, cors },
    });
    if (headers === null) {
      controller.abort(new Error("a transfer coding that cannot be passed on"));
      return;
    }
    exchange.outcome = "proxied";
    exchange.head(status, isPlain(phrase) ? phrase : undefined, headers);
    // Headers go with the first piece of the body where it is already here, and at once where it is not.
    process.nextTick(() => {
      if (!this.#written && !exchange.gone) exchange.res.flushHeaders();
    });
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
    if (exchange.gone) return;
    if (exchange.res.headersSent) {
      this.#cut();
      return;
    }
    if (this.#options.retry(error, sent)) return;
    exchange.refuse(problemOf(error));
  }

  /** Half a response must not look like a whole one: to HTTP/1.0 the end of the connection would, so that it gets a reset. */
  #cut(): void {
    const { req, res } = this.#exchange;
    if (req.httpVersion === "1.0") res.socket?.resetAndDestroy();
    res.destroy();
  }
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
