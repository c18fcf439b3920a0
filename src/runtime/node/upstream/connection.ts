import type { Socket } from "node:net";
import { RequestBody } from "./request-body.ts";
import { requestHead, type UpstreamRequest } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import { ResponseReader, type ResponseSink } from "./response-reader.ts";
import { Defect, UpstreamError } from "./upstream-error.ts";

/** What becomes of a request: a response, a change of protocols, or a failure, after which nothing comes. */
export interface ResponseHandler extends ResponseSink {
  /** The socket is the handler's from now on, paused. */
  onUpgrade(head: ResponseHead, socket: Socket): void;
  onFailure(error: UpstreamError): void;
}

/** Where a connection goes back to, and what it takes its times from. */
export interface ConnectionOwner {
  /** Goes up steadily; what times are counted in. */
  readonly tick: number;
  /** It may serve another request. */
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/** What a connection waits for: itself, a response's head, more of its body, the next request. */
export type Waiting = "connect" | "response" | "piece" | "request";

/** For how many milliseconds an upstream keeps an idle connection that says nothing about it: less than any server does. */
export const KEPT = 4_000;
/** It is left by so much before the upstream's own time is over, and kept for no longer than this. */
const BEFORE = 1_000;
const LONGEST = 600_000;

interface Flight {
  readonly request: UpstreamRequest;
  readonly handler: ResponseHandler;
  readonly reader: ResponseReader;
}

/** One connection to an upstream, for one request at a time. */
export class Connection {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  #flight: Flight | null = null;
  #body: RequestBody | null = null;
  #connected = false;
  #paused = false;
  #error: Error | null = null;
  /** When that began which it waits for; by the owner's ticks. */
  since: number;
  /** For how many milliseconds it may lie idle. */
  keep = KEPT;
  readonly #onData = (bytes: Buffer): void => this.receive(bytes, bytes.length);

  /** `events`: whether the socket tells by events what it reads. */
  constructor(
    owner: ConnectionOwner,
    socket: Socket,
    { secure, events }: { readonly secure: boolean; readonly events: boolean },
  ) {
    this.#owner = owner;
    this.#socket = socket;
    this.since = owner.tick;
    socket.once(secure ? "secureConnect" : "connect", () => {
      this.#connected = true;
      if (this.#flight !== null) this.#write(this.#flight);
    });
    if (events) socket.on("data", this.#onData);
    socket.on("drain", () => {
      this.since = owner.tick;
      this.#body?.resume();
    });
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("end", () => this.#ended());
    socket.on("close", () => this.#closed());
  }

  /** Null where it waits for the client: to take what has come, or to bring more of its body. */
  get waitsFor(): Waiting | null {
    const flight = this.#flight;
    if (flight === null) return "request";
    if (!this.#connected) return "connect";
    if (this.#paused || this.#body?.waitsForClient === true) return null;
    return flight.reader.head === null ? "response" : "piece";
  }

  /**
   * Sends a request, as soon as the connection is there; never while another one is under way. The handler may pause, resume and abort
   * it until it has been told of an end.
   */
  send(request: UpstreamRequest, handler: ResponseHandler): void {
    const reader = new ResponseReader({
      method: request.method,
      upgrade: request.upgrade,
      sink: handler,
      onComplete: (clean) => this.#completed(clean),
    });
    const flight = { request, handler, reader };
    this.#flight = flight;
    this.since = this.#owner.tick;
    if (this.#connected) this.#write(flight);
  }

  /** Ends a request of this handler, where one is under way, without a word to it. */
  abort(handler: ResponseHandler): void {
    if (this.#flight?.handler !== handler) return;
    this.#drop(this.#flight);
  }

  pause(handler: ResponseHandler): void {
    if (this.#flight?.handler !== handler) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(handler: ResponseHandler): void {
    if (this.#flight?.handler !== handler || !this.#paused) return;
    this.#paused = false;
    this.since = this.#owner.tick;
    this.#socket.resume();
  }

  /** The request that is under way fails, and the connection ends. */
  fail(error: UpstreamError): void {
    const flight = this.#flight;
    if (flight === null) {
      this.end();
      return;
    }
    this.#drop(flight);
    flight.handler.onFailure(error);
  }

  end(): void {
    this.#owner.onClosed(this);
    this.#socket.destroy();
  }

  /** What has come from the upstream: `bytes` up to `length`, which are another's as soon as this returns. */
  receive(bytes: Buffer, length: number): void {
    const flight = this.#flight;
    // Nobody has asked: whatever it is, it must not become somebody's answer.
    if (flight === null) {
      this.end();
      return;
    }
    const { reader, handler } = flight;
    try {
      const stopped = reader.read(bytes, length);
      if (reader.state === "switched" && reader.head !== null)
        this.#switch(reader.head, handler, bytes.subarray(stopped, length));
    } catch (error) {
      this.#fault(flight, error);
      return;
    }
    if (reader.head !== null) this.since = this.#owner.tick;
  }

  #write(flight: Flight): void {
    const { request } = flight;
    this.since = this.#owner.tick;
    const socket = this.#socket;
    try {
      const head = requestHead(request);
      // What has come of a body already goes with the head: its source brings it in the next tick, before the socket is told.
      if (request.body !== null) socket.cork();
      socket.write(head, "latin1");
    } catch (error) {
      this.#fault(flight, error);
      return;
    }
    if (request.body === null) return;
    this.#body = new RequestBody(socket, request.body, request.length, {
      onSent: () => {
        this.#body = null;
        this.since = this.#owner.tick;
      },
      onFailed: (error) => this.fail(new UpstreamError(null, "the request's body broke off", error)),
    });
    this.#body.begin();
    process.nextTick(uncork, socket);
  }

  #completed(clean: boolean): void {
    const flight = this.#flight;
    this.#flight = null;
    const sent = this.#body === null;
    this.#stopBody();
    // What else has come, or is still to come or to go, could become part of another exchange.
    if (flight === null || !clean || !sent || !flight.reader.persistent) {
      this.end();
      return;
    }
    if (this.#paused) {
      this.#paused = false;
      this.#socket.resume();
    }
    this.since = this.#owner.tick;
    const said = flight.reader.head?.keepAlive ?? null;
    this.keep = said === null ? KEPT : Math.min(said * 1000 - BEFORE, LONGEST);
    this.#owner.onIdle(this);
  }

  #switch(head: ResponseHead, handler: ResponseHandler, rest: Buffer): void {
    const socket = this.#socket;
    this.#flight = null;
    socket.off("data", this.#onData);
    this.#owner.onClosed(this);
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    handler.onUpgrade(head, socket);
  }

  #ended(): void {
    const flight = this.#flight;
    if (flight === null) {
      this.#owner.onClosed(this);
      return;
    }
    try {
      flight.reader.close();
    } catch (error) {
      this.#fault(flight, error);
    }
  }

  #closed(): void {
    this.#owner.onClosed(this);
    const flight = this.#flight;
    if (flight === null) return;
    const cause = this.#error;
    this.#fault(flight, failureOf(this.#connected, flight.reader, cause));
  }

  #fault(flight: Flight, error: unknown): void {
    const failure = error instanceof UpstreamError ? error : new Defect(error);
    if (this.#flight === flight) this.#drop(flight);
    flight.handler.onFailure(failure);
  }

  #drop(flight: Flight): void {
    flight.reader.abandon();
    this.#flight = null;
    this.#stopBody();
    this.end();
  }

  #stopBody(): void {
    this.#body?.stop();
    this.#body = null;
  }
}

const uncork = (socket: Socket): void => socket.uncork();

function failureOf(connected: boolean, reader: ResponseReader, cause: Error | null): UpstreamError {
  const reason = cause?.message ?? "closed";
  if (!connected) {
    const late = cause !== null && "code" in cause && cause.code === "ETIMEDOUT";
    return new UpstreamError(late ? "connect_timeout" : "connect", reason, cause);
  }
  return new UpstreamError(reader.head === null ? "closed" : "body", reason, cause);
}
