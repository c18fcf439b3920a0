import type { Writable } from "node:stream";

/** Bytes from which on a buffer costs more to be collected than to be given back. */
const LARGE = 16 * 1024;

/**
 * Writes a piece that nobody else reads, and gives its memory back as soon as it is written. Left to the garbage collector, the pieces
 * of long bodies would have it look through the whole heap every 64 MB, however little of that is new (bench/NOTES.md). Answers as
 * `write` does.
 */
export function writeAndFree(to: Pick<Writable, "write">, piece: Buffer): boolean {
  // Of a write that failed the system might still be reading.
  return piece.length < LARGE ? to.write(piece) : to.write(piece, (error) => error ?? free(piece));
}

/** What is a part of something larger is left alone. */
function free({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
