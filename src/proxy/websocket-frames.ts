const CLOSE = 8;
const MASKED = 0x80;
/** A control frame's payload, of which the code takes two (RFC 6455 §5.5). */
const MAX_REASON = 123;

/** Where the bytes of one direction of a WebSocket stand among its frames (RFC 6455 §5.2), of which only the heads are looked at. */
export class FramePosition {
  /** Bytes of a head that have passed; 0 outside of one. */
  #headSeen = 0;
  #headSize = 2;
  #extendedEnd = 2;
  #length = 0;
  #left = 0;
  #closing = false;

  /** Whether what has passed ends with a whole frame. */
  get between(): boolean {
    return this.#headSeen === 0 && this.#left === 0;
  }

  /** Bytes of the frame's payload that are still to come; 0 while its head is not complete. */
  get left(): number {
    return this.#left;
  }

  /** Whether a close frame has begun to pass: none may follow it. */
  get closing(): boolean {
    return this.#closing;
  }

  pass(chunk: Uint8Array): void {
    if (this.#left > chunk.length) {
      this.#left -= chunk.length;
      return;
    }
    let at = 0;
    while (at < chunk.length) at = this.#step(chunk, at);
  }

  /** Passes what belongs to the frame that has begun, and returns how many bytes that is. */
  passFrame(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length && !this.between) at = this.#step(chunk, at);
    return at;
  }

  #step(chunk: Uint8Array, at: number): number {
    if (this.#left > 0) {
      const taken = Math.min(this.#left, chunk.length - at);
      this.#left -= taken;
      return at + taken;
    }
    this.#readHead(chunk[at] as number);
    return at + 1;
  }

  #readHead(byte: number): void {
    const place = this.#headSeen++;
    if (place === 0) {
      if ((byte & 0x0f) === CLOSE) this.#closing = true;
      return;
    }
    if (place === 1) {
      const short = byte & 0x7f;
      const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
      this.#length = extended === 0 ? short : 0;
      this.#extendedEnd = 2 + extended;
      this.#headSize = this.#extendedEnd + (byte >= MASKED ? 4 : 0);
    } else if (place < this.#extendedEnd) {
      this.#length = this.#length * 256 + byte;
    }
    if (this.#headSeen < this.#headSize) return;
    this.#headSeen = 0;
    this.#left = this.#length;
  }
}

/** A close frame. `reason`: ASCII, 123 characters at most. `mask`: four random bytes where it goes to a server (RFC 6455 §5.3), else null. */
export function closeFrame(code: number, reason: string, mask: Uint8Array | null): Uint8Array {
  const payload = new TextEncoder().encode(`  ${reason.slice(0, MAX_REASON)}`);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  if (mask === null) return Uint8Array.of(0x80 | CLOSE, payload.length, ...payload);
  const masked = payload.map((byte, place) => byte ^ (mask[place & 3] as number));
  return Uint8Array.of(0x80 | CLOSE, MASKED | payload.length, ...mask, ...masked);
}
