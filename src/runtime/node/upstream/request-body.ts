import type { Socket } from "node:net";
import { writeAndFree } from "../spent-pieces.ts";

/** What becomes of a body: pieces, then the end or a failure, after which nothing comes. */
export interface BodySink {
  /** It is the sink's from now on. */
  onPiece(piece: Buffer): void;
  onEnd(): void;
  /** It broke off. */
  onFailure(error: Error): void;
}

/** Where a body comes from. It keeps silent until it is to begin, and from when it is destroyed. */
export interface BodySource {
  /** Called once. A source that has failed already says so at once. */
  begin(sink: BodySink): void;
  pause(): void;
  resume(): void;
  /** No more of it is wanted. */
  destroy(): void;
}

export interface RequestBodyEvents {
  onSent(): void;
  /** It broke off, or is not as long as announced. */
  onFailed(error: Error): void;
}

/** A request's body on its way into a connection, with back-pressure; framed by `length`, or in chunks where that is null. */
export class RequestBody implements BodySink {
  readonly #socket: Socket;
  readonly #source: BodySource;
  readonly #chunked: boolean;
  readonly #events: RequestBodyEvents;
  /** Of a body with a length, what is still to come. */
  #left: number;
  #stopped = false;

  constructor(socket: Socket, source: BodySource, length: string | null, events: RequestBodyEvents) {
    this.#socket = socket;
    this.#source = source;
    this.#chunked = length === null;
    this.#left = Number(length);
    this.#events = events;
  }

  /** Whether it is the client that is waited for, and not the upstream. */
  get waitsForClient(): boolean {
    return !this.#socket.writableNeedDrain;
  }

  begin(): void {
    this.#source.begin(this);
  }

  resume(): void {
    if (!this.#stopped) this.#source.resume();
  }

  /** Sends no more of it. */
  stop(): void {
    this.#stopped = true;
    this.#source.destroy();
  }

  onPiece(piece: Buffer): void {
    if (this.#stopped) return;
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
    if (socket.writableNeedDrain) this.#source.pause();
  }

  onEnd(): void {
    if (this.#stopped) return;
    if (this.#chunked) this.#socket.write("0\r\n\r\n", "latin1");
    else if (this.#left !== 0) {
      this.#fail(new Error("less than its length"));
      return;
    }
    this.#stopped = true;
    this.#events.onSent();
  }

  onFailure(error: Error): void {
    if (!this.#stopped) this.#fail(error);
  }

  #fail(error: Error): void {
    this.#stopped = true;
    this.#events.onFailed(error);
  }
}
