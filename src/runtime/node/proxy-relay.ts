import type { Socket } from "node:net";
import type { OpenStream, OpenStreams } from "../../app/open-streams.ts";
import { CHALLENGE_INVALID_TOKEN } from "../../authn/challenge.ts";
import type { HeaderList } from "../../lib/header-list.ts";
import type { Observe } from "../../observe/observation.ts";
import type { StreamKind } from "../../observe/streams.ts";
import type { UpstreamFailure } from "../../observe/upstreams.ts";
import type { Problem } from "../../protocol/errors.ts";
import { interimHeaders, responseHeaders } from "../../proxy/response-headers.ts";
import { isGatewayStatus, problemOf } from "../../proxy/upstream-failure.ts";
import type { RevisedView } from "../../revocation/view.ts";
import type { Exchange, Passed } from "./exchange.ts";
import { letGo } from "./let-go.ts";
import type { Target, Targets, Waiting } from "./proxy-targets.ts";
import { writeAndFree } from "./spent-pieces.ts";
import type { Connection, ResponseHandler } from "./upstream/connection.ts";
import type { BodySource } from "./upstream/request-body.ts";
import type { ResponseHead } from "./upstream/response-head.ts";
import { Defect, type UpstreamError } from "./upstream/upstream-error.ts";
import type { WebSockets } from "./websocket.ts";

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
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly headers: string[];
  /** The Host that is sent; null: the target's own. */
  readonly host: string | null;
  readonly body: BodySource | null;
  /** Of the body; null where it is not known before its end. */
  readonly length: string | null;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  readonly passed: Passed;
  readonly streams: OpenStreams;
  readonly revocations: RevisedView;
  readonly observe: Observe;
}

/** Sends a request to its upstream and writes the response straight to the client, piece by piece, with back-pressure both ways. */
export class Relay implements ResponseHandler, Waiting {
  readonly #relayed: Relayed;
  readonly #exchange: Exchange;
  /** Where the request is, until it has ended there. */
  #target: Target | null = null;
  #connection: Connection | null = null;
  /** Whether the target has been told that it failed. */
  #blamed = false;
  /** Whether the client has its answer, whatever still comes from the target. */
  #over = false;
  #deadline: NodeJS.Timeout | null = null;
  #repeated = false;
  #waiting = false;
  /** The response's, until it is written: with the first piece of the body, or soon. */
  #head: { readonly status: number; readonly phrase: string | undefined; readonly headers: string[] } | null = null;
  #kind: StreamKind = "download";
  #pieces = 0;
  #stream: OpenStream | null = null;
  /** Of the view that let the request through. */
  readonly #revision: number;

  constructor(relayed: Relayed) {
    this.#relayed = relayed;
    this.#exchange = relayed.exchange;
    this.#revision = relayed.revocations.revision;
  }

  dispatch(): void {
    const { totalTimeout } = this.#relayed.targets.upstream;
    if (totalTimeout !== null) this.#deadline = setTimeout(() => this.#end("total_timeout"), totalTimeout);
    this.#dispatch(null);
  }

  placed(target: Target): void {
    const { method, path, headers, body, length, exchange } = this.#relayed;
    const { client } = target;
    const host = this.#relayed.host ?? client.host;
    const upgrade = exchange.upgrade !== null;
    this.#target = target;
    this.#connection = client.connection(upgrade);
    this.#connection.send({ method, path, host, headers, body, length, upgrade }, this);
  }

  gaveUp(): void {
    this.#finish();
    this.#relayed.body?.destroy();
    this.#exchange.refuse({ code: "overloaded", detail: "Every connection to the service is taken." });
  }

  /** The client's body has turned out to be longer than it may be: the upstream gets no more of it, and no end. */
  refuseBody(problem: Problem): void {
    this.#exchange.close();
    this.#end(null, problem);
  }

  /** Ends the request to the upstream, where it has not ended. */
  abort(): void {
    if (this.#stream !== null) this.#relayed.streams.remove(this.#stream);
    this.#end(null);
  }

  #dispatch(except: Target | null): void {
    const { targets } = this.#relayed;
    const target = targets.take(except);
    if (target !== null) this.placed(target);
    else if (!targets.wait(this)) this.gaveUp();
  }

  /** Ends the request, wherever it is. `failure`, or `problem`: what the client is told, if it can be told anything. */
  #end(failure: UpstreamFailure | null, problem?: Problem): void {
    const { targets, body } = this.#relayed;
    targets.forget(this);
    this.#connection?.abort(this);
    if (!this.#over) this.#failed(failure, problem);
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
    this.#connection = null;
    return target;
  }

  onInterim({ status, headers }: ResponseHead): void {
    // The expectation was met here; what the upstream was sent has none (RFC 9110 §10.1.1).
    const { responseHeaders: rules } = this.#relayed.passed.route;
    if (status !== 100) this.#exchange.interim(status, interimHeaders(headers, rules));
  }

  onUpgrade(head: ResponseHead, upstream: Socket): void {
    const { webSockets, exchange, targets, pseudonym, passed } = this.#relayed;
    this.#finish();
    const target = this.#leave();
    if (target !== null) {
      targets.succeeded(target);
      upstream.once("close", () => targets.release(target));
    }
    webSockets.join(exchange, head.headers, upstream, { pseudonym, passed });
    upstream.resume();
  }

  onHead({ status, phrase, headers: lines }: ResponseHead): void {
    if (this.#isRevoked()) {
      this.#end(null, { code: "token_revoked", challenge: CHALLENGE_INVALID_TOKEN });
      return;
    }
    if (isGatewayStatus(status)) this.#blame("gateway_status");
    const { exchange, pseudonym, passed } = this.#relayed;
    const { cookies, route } = passed;
    const rules = route.responseHeaders;
    const authenticated = passed.principal !== null;
    const cors = exchange.cors();
    const corsAlone = exchange.corsRules?.alone ?? false;
    const headers = responseHeaders({
      status,
      headers: lines,
      pseudonym,
      authenticated,
      cookies,
      cors,
      corsAlone,
      rules,
    });
    if (headers === null) {
      this.#end("bad_response");
      return;
    }
    this.#head = { status, phrase: isPlain(phrase) ? phrase : undefined, headers };
    // The head goes with the first piece of the body. A body of unknown length may be long in coming, as an event stream's is.
    this.#kind = kindOf(headers);
    if (this.#kind !== "download") process.nextTick(goOn, this);
  }

  /** What has not ended with its head is open from now on, and its head is sent where no piece of the body has come with it. */
  goOn(): void {
    if (this.#connection === null || this.#exchange.gone) return;
    if (this.#head !== null) {
      this.#writeHead();
      this.#exchange.res.flushHeaders();
    }
    this.#open();
  }

  onData(piece: Buffer, last: boolean): void {
    const { res } = this.#exchange;
    this.#writeHead();
    if (last) {
      res.end(piece);
      this.#succeeded();
      return;
    }
    if (this.#kind === "download" && ++this.#pieces === LONG) this.#open();
    if (this.#exchange.gone || writeAndFree(res, piece) || this.#waiting) return;
    this.#waiting = true;
    this.#connection?.pause(this);
    res.once("drain", () => {
      this.#waiting = false;
      this.#connection?.resume(this);
    });
  }

  onEnd(): void {
    this.#writeHead();
    this.#exchange.res.end();
    this.#succeeded();
  }

  onFailure(error: UpstreamError): void {
    if (error instanceof Defect) this.#tell(error);
    this.#failed(error.failure, error instanceof Defect ? { code: "internal" } : undefined);
  }

  /** A defect of ours, outside of what the connection calls. */
  broke(error: unknown): void {
    this.#tell(error);
    this.#end(null, { code: "internal" });
  }

  #tell(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#relayed.observe({ kind: "internal_error", where: "proxy", message });
  }

  /**
   * Whether the token was revoked while the answer was waited for. Of a method that is not safe the answer says what has been done, and a
   * refusal would say that nothing was.
   */
  #isRevoked(): boolean {
    const { revocations, method, passed } = this.#relayed;
    if (revocations.revision === this.#revision || passed.principal === null) return false;
    return SAFE.has(method) && revocations.refuses(passed.principal);
  }

  #writeHead(): void {
    const head = this.#head;
    if (head === null) return;
    this.#head = null;
    this.#exchange.outcome = "proxied";
    this.#exchange.head(head.status, head.phrase, head.headers);
  }

  #succeeded(): void {
    this.#finish();
    const { targets } = this.#relayed;
    const target = this.#leave();
    if (target === null) return;
    if (!this.#blamed) targets.succeeded(target);
    targets.release(target);
  }

  /** Null: not the upstream's failure. */
  #failed(failure: UpstreamFailure | null, problem?: Problem): void {
    const exchange = this.#exchange;
    const unanswered = !this.#over && !exchange.gone;
    if (unanswered && failure !== null) this.#blame(failure);
    const target = this.#leave();
    if (target !== null) this.#relayed.targets.release(target);
    if (unanswered && failure !== null && this.#mayRepeat(failure)) {
      this.#repeated = true;
      this.#blamed = false;
      this.#dispatch(target);
      return;
    }
    this.#finish();
    if (!unanswered) return;
    if (exchange.res.headersSent) this.#cut();
    else exchange.refuse(problem ?? (failure === null ? { code: "upstream_failed" } : problemOf(failure)));
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
    if (req.httpVersion === "1.0" && res.socket !== null) letGo(res.socket);
    res.destroy();
  }
}

function goOn(relay: Relay): void {
  try {
    relay.goOn();
  } catch (error) {
    relay.broke(error);
  }
}

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

/** A reason phrase that may be written again. Nobody needs one (RFC 9112 §4). */
const isPlain = (phrase: string): boolean => /^[\t\x20-\x7e]*$/.test(phrase);
