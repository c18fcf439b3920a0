export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** Reads the answers of one keep-alive connection that is never pipelined, so whatever has come belongs to one answer. */
export class ResponseReader {
  #received: Buffer = Buffer.alloc(0);
  #bodyStart = -1;
  #status = 0;
  /** -1: chunked. */
  #length = 0;

  /** Takes what the socket gave; returns the answer once it is whole. */
  push(chunk: Buffer): Answer | null {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (this.#bodyStart < 0 && !this.#readHead()) return null;
    if (!this.#isWhole()) return null;
    const answer = { status: this.#status, body: this.#received.subarray(this.#bodyStart) };
    this.#received = Buffer.alloc(0);
    this.#bodyStart = -1;
    return answer;
  }

  #readHead(): boolean {
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return false;
    const head = this.#received.toString("latin1", 0, end);
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    this.#length = length ? Number(length[1]) : /\r\ntransfer-encoding: *chunked/i.test(head) ? -1 : 0;
    this.#bodyStart = end + HEAD_END.length;
    return true;
  }

  #isWhole(): boolean {
    if (this.#length >= 0) return this.#received.length >= this.#bodyStart + this.#length;
    // The CRLF before an empty body's last chunk is the one that ends the head.
    const tail = this.#received.subarray(Math.max(this.#bodyStart - 2, this.#received.length - LAST_CHUNK.length));
    return tail.equals(Buffer.from(LAST_CHUNK));
  }
}
