import type { OpenStream, OpenStreams } from "../../app/open-streams.ts";

interface IdentityStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

declare const IdentityTransformStream: new () => IdentityStream;
/** Passes exactly so many bytes on, and says so in the response's head. */
declare const FixedLengthStream: new (length: number) => IdentityStream;

/**
 * The body as long as it may go on, moved by the platform. What fails or is cut fails for the client as well: half a body never looks
 * whole. `length`: in bytes; null where the service has not said it.
 */
export function watchedBody(
  body: ReadableStream<Uint8Array>,
  length: number | null,
  about: Omit<OpenStream, "cut">,
  streams: OpenStreams,
): ReadableStream<Uint8Array> {
  const { readable, writable } = length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
  const stopped = new AbortController();
  const stream: OpenStream = { ...about, cut: (why) => stopped.abort(new Error(why)) };
  streams.add(stream);
  body
    .pipeTo(writable, { signal: stopped.signal })
    .catch(() => {})
    .finally(() => streams.remove(stream));
  return readable;
}
