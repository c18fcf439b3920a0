import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

const BUFFERED = 64 * 1024;

export interface RequestBodyOptions {
  /** Called when it is read for the first time. */
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
export function requestBody(req: IncomingMessage, { onStart, max, onTooLong }: RequestBodyOptions): Readable {
  let started = false;
  let size = 0;
  const body = new Readable({
    highWaterMark: BUFFERED,
    read() {
      if (!started) {
        started = true;
        onStart();
      }
      req.resume();
    },
    destroy(error, done) {
      req.off("data", onData).off("end", onEnd);
      req.resume();
      done(error);
    },
  });
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > max) {
      onTooLong();
      return;
    }
    if (!body.push(chunk)) req.pause();
  };
  const onEnd = (): void => {
    body.push(null);
  };
  req.pause();
  req.on("data", onData);
  req.once("end", onEnd);
  req.once("error", (error) => body.destroy(error));
  req.once("close", () => {
    if (!req.complete) body.destroy(new Error("the client went away in the middle of its body"));
  });
  // Whoever sends the body listens while it does; a failure after that concerns nobody.
  body.on("error", () => {});
  return body;
}
