import type { Duplex, Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { OpenStream, OpenStreams } from "../../app/open-streams.ts";
import type { HeaderList } from "../../lib/header-list.ts";
import type { StreamKind } from "../../observe/streams.ts";
import type { UpstreamFailure } from "../../observe/upstreams.ts";
import { responseHeaders } from "../../proxy/response-headers.ts";
import { isGatewayStatus, problemOf } from "../../proxy/upstream-failure.ts";
import type { Exchange, Passed } from "./exchange.ts";
import { failureOf, type Phase, TotalTimeout } from "./proxy-failure.ts";
import type { Target, Targets, Waiting } from "./proxy-targets.ts";
import type { WebSockets } from "./websocket.ts";

/** Interim responses that one request may bring. */
const MAX_INTERIM = 16;
/** Safe methods: asked twice, they do no more than once (RFC 9110 §9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
/** Methods that may be repeated where the request has not been sent (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set([...SAFE, "PUT", "DELETE"]);
/** The piece with which a response is long, whose length is known: most have come by then, and need not be kept account of. */
const LONG = 3;
const EVENT_STREAM = /^text\/event-stream\b/i;

/** A request on its way, and how its answer is to come back. */
export interface Relayed {
  readonly exchange: Exchange;
  readonly targets: Targets;
  readonly webSockets: WebSockets;
  readonly method: string;
  readonly headers: string[];
  /** The Host that is sent; null: the target's own. */
  readonly host: string | null;
  readonly body: Readable | null;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  readonly passed: Passed;
  readonly streams: OpenStreams;
}

/** Sends a request to its upstream and writes the response straight to the client, piece by piece, with back-pressure both ways. */
export class Relay implements Dispatcher.DispatchHandler, Waiting {
  readonly #relayed: Relayed;
  readonly #exchange: Exchange;
  /** Where the request is, until it has ended there. */
  #target: Target | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #phase: Phase = "connecting";
  /** Whether the target has been told that it failed. */
  #blamed = false;
  /** Whether the client has its answer, whatever still comes from the target. */
  #over = false;
  #deadline: NodeJS.Timeout | null = null;
  #repeated = false;
  #waiting = false;
  #written = false;
  #interim = 0;
  #kind: StreamKind = "download";
  #pieces = 0;
  #stream: OpenStream | null = null;

  constructor(relayed: Relayed) {
    this.#relayed = relayed;
    this.#exchange = relayed.exchange;
  }

  dispatch(): void {
    const { totalTimeout } = this.#relayed.targets.upstream;
    if (totalTimeout !== null) this.#deadline = setTimeout(() => this.#end(new TotalTimeout()), totalTimeout);
    this.#dispatch(null);
  }

  placed(target: Target): void {
    const { method, headers, host, body, exchange } = this.#relayed;
    this.#target = target;
    this.#phase = "connecting";
    const upgrade = exchange.upgrade === null ? null : "websocket";
    target.connections.dispatch({ path: exchange.target, method, headers, host, body, upgrade }, this);
  }

  gaveUp(): void {
    this.#finish();
    this.#relayed.body?.destroy();
    this.#exchange.refuse({ code: "overloaded", detail: "Every connection to the service is taken." });
  }

  /** Ends the request to the upstream, where it has not ended. */
  abort(): void {
    if (this.#stream !== null) this.#relayed.streams.remove(this.#stream);
    this.#end(new Error("the client went away"));
  }

  #dispatch(except: Target | null): void {
    const { targets } = this.#relayed;
    const target = targets.take(except);
    if (target !== null) this.placed(target);
    else if (!targets.wait(this)) this.gaveUp();
  }

  #end(error: Error): void {
    const { targets, body } = this.#relayed;
    targets.forget(this);
    if (this.#controller !== null) this.#controller.abort(error);
    else if (!this.#over) {
      // Nothing has been sent: what waits for a connection ends when there is one.
      this.#finish();
      const failure = failureOf(error, "connecting");
      if (failure !== null && !this.#exchange.gone) this.#exchange.refuse(problemOf(failure));
    }
    body?.destroy();
  }

  /** The answer is made, or there is nobody left for one. */
  #finish(): void {
    this.#over = true;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
  }

  /** The target has done with the request. */
  #leave(): Target | null {
    const target = this.#target;
    this.#target = null;
    this.#controller = null;
    return target;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#phase = "sent";
    if (this.#over || this.#exchange.gone) controller.abort(new Error("nobody waits for it any more"));
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    _status: number,
    _headers: unknown,
    upstream: Duplex,
  ): void {
    const { webSockets, exchange, targets, pseudonym, passed } = this.#relayed;
    this.#finish();
    const target = this.#leave();
    if (target !== null) {
      targets.succeeded(target);
      upstream.once("close", () => targets.release(target));
    }
    webSockets.join(exchange, headerLines(controller), upstream, { pseudonym, passed });
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
    this.#phase = "answering";
    if (isGatewayStatus(status)) this.#blame("gateway_status");
    const { pseudonym, passed } = this.#relayed;
    const { cookies } = passed;
    const authenticated = passed.principal !== null;
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
    this.#kind = kindOf(headers);
    if (this.#kind !== "download") process.nextTick(goOn, this);
  }

  /** What has not ended with its head is open from now on, and its head is sent where no piece of the body has come with it. */
  goOn(): void {
    if (this.#controller === null || this.#exchange.gone) return;
    if (!this.#written) this.#exchange.res.flushHeaders();
    this.#open();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { res } = this.#exchange;
    this.#written = true;
    if (this.#kind === "download" && ++this.#pieces === LONG) this.#open();
    if (this.#exchange.gone || res.write(chunk)) return;
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
    this.#finish();
    this.#exchange.res.end();
    const { targets } = this.#relayed;
    const target = this.#leave();
    if (target === null) return;
    if (!this.#blamed) targets.succeeded(target);
    targets.release(target);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const exchange = this.#exchange;
    const unanswered = !this.#over && !exchange.gone;
    const failure = failureOf(error, this.#phase);
    if (unanswered && failure !== null) this.#blame(failure);
    const target = this.#leave();
    if (target !== null) this.#relayed.targets.release(target);
    if (!unanswered) return;
    if (failure !== null && this.#mayRepeat(failure)) {
      this.#repeated = true;
      this.#blamed = false;
      this.#dispatch(target);
      return;
    }
    this.#finish();
    if (exchange.res.headersSent) this.#cut();
    else exchange.refuse(failure === null ? { code: "upstream_failed" } : problemOf(failure));
  }

  #blame(failure: UpstreamFailure): void {
    if (this.#target !== null) this.#relayed.targets.failed(this.#target, failure);
    this.#blamed = true;
  }

  /** From now on it is judged again whenever its request might not be let through any more. */
  #open(): void {
    const { passed, streams } = this.#relayed;
    const { principal, route } = passed;
    if (principal === null) return;
    this.#stream = { streamKind: this.#kind, principal, route, cut: () => this.#cut() };
    streams.add(this.#stream);
  }

  /** Once, and only what cannot have been done or does nothing (RFC 9110 §9.2.2). */
  #mayRepeat(failure: UpstreamFailure): boolean {
    const { body, method } = this.#relayed;
    if (this.#repeated || body !== null) return false;
    switch (failure) {
      case "connect":
      case "connect_timeout":
        return IDEMPOTENT.has(method);
      case "closed":
        return SAFE.has(method);
      default:
        return false;
    }
  }

  /** Half a response must not look like a whole one: to HTTP/1.0 the end of the connection would, so that it gets a reset. */
  #cut(): void {
    const { req, res } = this.#exchange;
    if (req.httpVersion === "1.0") res.socket?.resetAndDestroy();
    res.destroy();
  }
}

const goOn = (relay: Relay): void => relay.goOn();

function kindOf(headers: HeaderList): StreamKind {
  let kind: StreamKind = "response";
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length") return "download";
    if (name.length === 12 && name.toLowerCase() === "content-type") {
      if (EVENT_STREAM.test(headers[index + 1] as string)) kind = "event_stream";
    }
  }
  return kind;
}

/** A reason phrase that may be written again; undici has read it as UTF-8. Nobody needs one (RFC 9112 §4). */
const isPlain = (phrase: string | undefined): boolean => phrase !== undefined && /^[\t\x20-\x7e]*$/.test(phrase);

/** The response's header lines as they came; undici hands them over as bytes. */
function headerLines({ rawHeaders }: Dispatcher.DispatchController): HeaderList {
  if (!Array.isArray(rawHeaders)) return [];
  return rawHeaders.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}
