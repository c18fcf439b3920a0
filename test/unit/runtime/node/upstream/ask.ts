import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { UpstreamClient } from "../../../../../src/runtime/node/upstream/client.ts";
import type { Connection, ResponseHandler } from "../../../../../src/runtime/node/upstream/connection.ts";
import type { BodySource } from "../../../../../src/runtime/node/upstream/request-body.ts";
import type { UpstreamRequest } from "../../../../../src/runtime/node/upstream/request-head.ts";
import type { ResponseHead } from "../../../../../src/runtime/node/upstream/response-head.ts";
import type { UpstreamError } from "../../../../../src/runtime/node/upstream/upstream-error.ts";

export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  /** Latin-1. */
  readonly body: string;
  /** Of an answer that changed protocols. */
  readonly socket: Socket | null;
}

export const clientFor = (
  origin: string,
  options: Partial<ConstructorParameters<typeof UpstreamClient>[0]> = {},
): UpstreamClient =>
  new UpstreamClient({ origin, connectTimeout: 5_000, responseTimeout: 5_000, idleTimeout: 5_000, ...options });

/** A body that a stream brings. */
export const bodyFrom = (stream: Readable): BodySource => ({
  begin(sink) {
    stream.on("data", (piece) => sink.onPiece(piece));
    stream.on("end", () => sink.onEnd());
    stream.on("error", (error) => sink.onFailure(error));
  },
  pause: () => void stream.pause(),
  resume: () => void stream.resume(),
  destroy: () => void stream.destroy(),
});

/** One request, and all that is told of it. */
export class Asking implements ResponseHandler {
  readonly connection: Connection;
  readonly answer: Promise<Answer>;
  /** Resolves with what has come of the body at its first piece. */
  readonly begun: Promise<string>;
  readonly #told = Promise.withResolvers<Answer>();
  readonly #begun = Promise.withResolvers<string>();
  readonly #body: Buffer[] = [];
  #head: ResponseHead | null = null;
  /** How often it was told anything. */
  events = 0;

  constructor(client: UpstreamClient, request: Partial<UpstreamRequest> = {}) {
    this.answer = this.#told.promise;
    this.begun = this.#begun.promise;
    this.connection = client.connection(request.upgrade === true);
    const ordinary = { method: "GET", path: "/", host: client.host, headers: [], body: null, length: null };
    this.connection.send({ ...ordinary, upgrade: false, ...request }, this);
  }

  onInterim(): void {
    this.events++;
  }

  onHead(head: ResponseHead): void {
    this.events++;
    this.#head = head;
  }

  onData(piece: Buffer, last: boolean): void {
    this.events++;
    this.#body.push(piece);
    this.#begun.resolve(this.#text());
    if (last) this.onEnd();
  }

  onEnd(): void {
    this.events++;
    this.#tell(this.#head, null);
  }

  onUpgrade(head: ResponseHead, socket: Socket): void {
    this.events++;
    this.#tell(head, socket);
  }

  onFailure(error: UpstreamError): void {
    this.events++;
    this.#told.reject(error);
  }

  #tell(head: ResponseHead | null, socket: Socket | null): void {
    const { status = 0, headers = [] } = head ?? {};
    this.#told.resolve({ status, headers, body: this.#text(), socket });
  }

  #text(): string {
    return Buffer.concat(this.#body).toString("latin1");
  }
}

export const ask = (client: UpstreamClient, request: Partial<UpstreamRequest> = {}): Promise<Answer> =>
  new Asking(client, request).answer;
