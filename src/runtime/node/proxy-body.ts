import type { IncomingMessage } from "node:http";
import type { BodySink, BodySource } from "./upstream/request-body.ts";

export interface ClientBodyOptions {
  /** Called when it is to begin. */
  readonly onStart: () => void;
  /** Bytes of it that are passed on. */
  readonly max: number;
  /** Called with the piece that has more, which goes no further: the body is to be destroyed. */
  readonly onTooLong: () => void;
}

/**
 * A client's body on its way upstream, with back-pressure. It fails where the client's does: a body that was cut off is never ended
 * as if it were whole. When the upstream wants no more of it, the rest is read and thrown away, so that the answer still arrives:
 * destroying the request itself would take the client's connection with it.
 */
export class ClientBody implements BodySource {
  readonly #req: IncomingMessage;
  readonly #options: ClientBodyOptions;
  #sink: BodySink | null = null;
  #destroyed = false;
  #failure: Error | null = null;
  #size = 0;

  constructor(req: IncomingMessage, options: ClientBodyOptions) {
    this.#req = req;
    this.#options = options;
    req.pause();
    req.once("error", (error) => this.#fail(error));
    req.once("close", () => {
      if (!req.complete) this.#fail(new Error("the client went away in the middle of its body"));
    });
  }

  begin(sink: BodySink): void {
    if (this.#destroyed) return;
    if (this.#failure !== null) {
      sink.onFailure(this.#failure);
      return;
    }
    this.#sink = sink;
    this.#req.on("data", this.#onData);
    this.#req.once("end", this.#onEnd);
    this.#options.onStart();
    this.#req.resume();
  }

  pause(): void {
    if (!this.#destroyed) this.#req.pause();
  }

  resume(): void {
    this.#req.resume();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#sink = null;
    this.#req.off("data", this.#onData).off("end", this.#onEnd);
    this.#req.resume();
  }

  readonly #onData = (piece: Buffer): void => {
    this.#size += piece.length;
    if (this.#size > this.#options.max) this.#options.onTooLong();
    else this.#sink?.onPiece(piece);
  };

  readonly #onEnd = (): void => {
    this.#release()?.onEnd();
  };

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#release()?.onFailure(this.#failure);
  }

  /** Who is told last; from now on nobody is. */
  #release(): BodySink | null {
    const sink = this.#sink;
    this.#sink = null;
    return sink;
  }
}
