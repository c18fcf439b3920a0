export interface Answer {
  readonly status: number;
  /** Empty where nobody looks at it. */
  readonly body: Buffer;
}

/** Reads the answers of one connection, of which at most one is under way. */
export interface AnswerReader {
  /** Takes what the socket gave, which is another's as soon as this returns; answers once an answer is whole. */
  read(bytes: Buffer): Answer | null;
}

const EMPTY = Buffer.alloc(0);
const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** Reads HTTP/1.1 responses. `keeps`: whether their bodies are wanted. */
export class ResponseReader implements AnswerReader {
  readonly #keeps: boolean;
  #head: Buffer = EMPTY;
  #status = 0;
  /** Of a body of known length, what is still to come; -1: chunked. */
  #left = 0;
  /** The last characters of a chunked body. */
  #tail = "";
  #body: Buffer[] = [];
  #inBody = false;

  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  read(bytes: Buffer): Answer | null {
    const body = this.#inBody ? bytes : this.#readHead(bytes);
    if (body === null || !this.#readBody(body)) return null;
    const answer = { status: this.#status, body: this.#keeps ? Buffer.concat(this.#body) : EMPTY };
    this.#body = [];
    this.#inBody = false;
    return answer;
  }

  /** What follows the head; null where it is not whole. */
  #readHead(bytes: Buffer): Buffer | null {
    const received = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const end = received.indexOf(HEAD_END);
    if (end < 0) {
      this.#head = Buffer.from(received);
      return null;
    }
    this.#head = EMPTY;
    this.#inBody = true;
    const head = received.toString("latin1", 0, end);
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    this.#left = length ? Number(length[1]) : /\r\ntransfer-encoding: *chunked/i.test(head) ? -1 : 0;
    // The CRLF before an empty body's last chunk is the one that ends the head.
    this.#tail = "\r\n";
    return received.subarray(end + HEAD_END.length);
  }

  /** Whether it is whole. */
  #readBody(bytes: Buffer): boolean {
    if (this.#keeps) this.#body.push(Buffer.from(bytes));
    if (this.#left >= 0) {
      this.#left -= bytes.length;
      return this.#left <= 0;
    }
    const last = bytes.toString("latin1", Math.max(0, bytes.length - LAST_CHUNK.length));
    this.#tail = (this.#tail + last).slice(-LAST_CHUNK.length);
    return this.#tail === LAST_CHUNK;
  }
}
