import type { Socket } from "node:net";
import type { StreamCut } from "../../observe/streams.ts";
import { CLOSE_UNAUTHENTICATED } from "../../protocol/names.ts";
import { closeFrame, FramePosition } from "../../proxy/websocket-frames.ts";
import type { Upgrade } from "./exchange.ts";
import { letGo } from "./let-go.ts";
import { writeAndFree } from "./spent-pieces.ts";

/** How long a side may take to receive what is left once the other has gone. */
const LINGER = 5_000;
/** What may still pass of a frame that has begun when its WebSocket is closed; a longer one is broken off. */
const MAX_REST = 64 * 1024;

/** The gateway goes away (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;
/** The service has failed its client (RFC 6455 §7.4.1). */
const INTERNAL_ERROR = 1011;

type Phase =
  | "open"
  /** The rest of a frame passes to the client, and the closing after it. */
  | "finishing"
  /** Nothing passes. */
  | "closed";

/** A client's connection and its upstream's, joined: bytes pass as they come, with back-pressure both ways. */
export class WebSocketTunnel {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #toClient = new FramePosition();
  readonly #toUpstream = new FramePosition();
  readonly #onEnd: () => void;
  #phase: Phase = "open";
  readonly #sendTimeout: number;
  /** Of a side that has not taken what it was sent. */
  readonly #stalled = new Map<Socket, NodeJS.Timeout>();
  #gone = 0;
  #giveUp: NodeJS.Timeout | undefined;
  #code = GOING_AWAY;
  #reason = "";

  /** `onEnd` is called once, when both connections are gone. */
  constructor({ socket: client, head, sendTimeout }: Upgrade, upstream: Socket, onEnd: () => void) {
    this.#client = client;
    this.#upstream = upstream;
    this.#sendTimeout = sendTimeout;
    this.#onEnd = onEnd;
    client.on("data", (chunk: Buffer) => this.#fromClient(chunk));
    upstream.on("data", (chunk: Buffer) => this.#fromUpstream(chunk));
    this.#join(client, upstream);
    this.#join(upstream, client);
    if (head.length > 0) this.#fromClient(head);
  }

  cut(cut: StreamCut): void {
    this.#close(CLOSE_UNAUTHENTICATED, cut);
  }

  goAway(): void {
    this.#close(GOING_AWAY, "");
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #join(from: Socket, to: Socket): void {
    to.on("drain", () => {
      clearTimeout(this.#stalled.get(to));
      this.#stalled.delete(to);
      from.resume();
    });
    // WebSockets have no use for a half-open connection (RFC 6455 §7.1.1).
    from.once("end", () => {
      this.#endAfter(from);
      endSoon(from);
    });
    from.once("close", () => {
      this.#endAfter(from);
      clearTimeout(this.#stalled.get(from));
      this.#gone++;
      if (this.#gone < 2) return;
      clearTimeout(this.#giveUp);
      this.#onEnd();
    });
  }

  /** Ends the other side of one that has ended. */
  #endAfter(from: Socket): void {
    if (from === this.#client) endSoon(this.#upstream);
    else if (this.#phase === "open") endSoon(this.#client);
    else if (this.#phase === "finishing") this.#client.destroy();
    // Else it has been told, and may take its time to go.
  }

  #fromClient(chunk: Buffer): void {
    if (this.#phase !== "open") return;
    this.#toUpstream.pass(chunk);
    if (!writeAndFree(this.#upstream, chunk)) this.#hold(this.#client, this.#upstream);
  }

  #fromUpstream(chunk: Buffer): void {
    switch (this.#phase) {
      case "open":
        this.#toClient.pass(chunk);
        if (!writeAndFree(this.#client, chunk)) this.#hold(this.#upstream, this.#client);
        return;
      case "finishing":
        this.#client.write(chunk.subarray(0, this.#toClient.passFrame(chunk)));
        this.#finish();
        return;
      case "closed":
        return;
      default:
        this.#phase satisfies never;
    }
  }

  /** One side waits for the other to take what it was sent, and not for ever: it keeps both connections, and what is in their buffers. */
  #hold(from: Socket, to: Socket): void {
    from.pause();
    if (!this.#stalled.has(to))
      this.#stalled.set(
        to,
        setTimeout(() => this.#giveUpOn(to), this.#sendTimeout),
      );
  }

  /** A client that takes nothing takes no close frame either. */
  #giveUpOn(side: Socket): void {
    if (side === this.#client) letGo(side);
    else this.#close(INTERNAL_ERROR, "");
  }

  /** What the client sends from now on goes nowhere; the upstream learns of the end at once. */
  #close(code: number, reason: string): void {
    if (this.#phase !== "open") return;
    this.#phase = "finishing";
    this.#code = code;
    this.#reason = reason;
    this.#giveUp = setTimeout(() => this.destroy(), LINGER);
    if (this.#toUpstream.between && !this.#toUpstream.closing) {
      this.#upstream.write(closeFrame(code, reason, crypto.getRandomValues(new Uint8Array(4))));
    }
    // Not yet its end, which would be the end of what it sends as well.
    this.#finish();
  }

  #finish(): void {
    const { between, left, closing } = this.#toClient;
    if (!between && left <= MAX_REST) return;
    this.#phase = "closed";
    if (!between) {
      this.destroy();
      return;
    }
    if (!closing) this.#client.write(closeFrame(this.#code, this.#reason, null));
    // Read on until the client has gone: what it has sent and nobody reads would take the close frame with it.
    this.#client.end();
    this.#client.resume();
    this.#upstream.resume();
    endSoon(this.#upstream);
  }
}

/** Ends a connection once it has received what was written to it, or after a while. */
function endSoon(socket: Socket): void {
  if (socket.destroyed) return;
  const giveUp = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(giveUp));
  socket.end(() => socket.destroy());
}
