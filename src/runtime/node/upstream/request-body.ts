import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { writeAndFree } from "../spent-pieces.ts";

export interface RequestBodyEvents {
  onSent(): void;
  /** It broke off, or is not as long as announced. */
  onFailed(error: Error): void;
}

/** A request's body on its way into a connection, with back-pressure; framed by `length`, or in chunks where that is null. */
export class RequestBody {
  readonly #socket: Socket;
  readonly #body: Readable;
  readonly #chunked: boolean;
  readonly #events: RequestBodyEvents;
  /** Of a body with a length, what is still to come. */
  #left: number;
  #stopped = false;

  constructor(socket: Socket, body: Readable, length: string | null, events: RequestBodyEvents) {
    this.#socket = socket;
    this.#body = body;
    this.#chunked = length === null;
    this.#left = Number(length);
    this.#events = events;
    body.on("data", this.#onData);
    body.on("end", this.#onEnd);
    body.on("error", this.#onError);
  }

  /** Whether it is the client that is waited for, and not the upstream. */
  get waitsForClient(): boolean {
    return !this.#socket.writableNeedDrain;
  }

  resume(): void {
    if (!this.#stopped) this.#body.resume();
  }

  /** Sends no more of it. */
  stop(): void {
    this.#release();
    this.#body.destroy();
  }

  readonly #onData = (piece: Buffer): void => {
    const socket = this.#socket;
    if (this.#chunked) {
      socket.cork();
      socket.write(`${piece.length.toString(16)}\r\n`, "latin1");
      writeAndFree(socket, piece);
      socket.write("\r\n", "latin1");
      socket.uncork();
    } else {
      this.#left -= piece.length;
      if (this.#left < 0) {
        this.#fail(new Error("more than its length"));
        return;
      }
      writeAndFree(socket, piece);
    }
    if (socket.writableNeedDrain) this.#body.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#chunked) this.#socket.write("0\r\n\r\n", "latin1");
    else if (this.#left !== 0) {
      this.#fail(new Error("less than its length"));
      return;
    }
    this.#release();
    this.#events.onSent();
  };

  readonly #onError = (error: Error): void => this.#fail(error);

  #fail(error: Error): void {
    this.#release();
    this.#events.onFailed(error);
  }

  #release(): void {
    this.#stopped = true;
    this.#body.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError);
  }
}
