import type { Answer, AnswerReader } from "./response-reader.ts";

const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const ANSWER: Answer = { status: 101, body: Buffer.alloc(0) };

/** A binary message in one frame (RFC 6455 §5.2). `masked`: by zeros, so that its echo has the same bytes. */
export function frame(payload: number, masked: boolean): Buffer {
  const mask = masked ? MASKED : 0;
  const extended = payload < 126 ? 0 : payload < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended + (masked ? 4 : 0));
  head[0] = FINAL_BINARY;
  head[1] = mask | (extended === 0 ? payload : extended === 2 ? 126 : 127);
  if (extended > 0) head.writeUIntBE(payload, 2 + Math.max(0, extended - 6), Math.min(extended, 6));
  return Buffer.concat([head, Buffer.alloc(payload, "x")]);
}

/** Counts frames that are all of one size. */
export class FrameReader implements AnswerReader {
  readonly #size: number;
  #received = 0;

  /** `size`: in bytes, head included. */
  constructor(size: number) {
    this.#size = size;
  }

  read(bytes: Buffer): Answer | null {
    this.#received += bytes.length;
    if (this.#received < this.#size) return null;
    if (this.#received > this.#size) throw new Error("more than one frame");
    this.#received = 0;
    return ANSWER;
  }
}
