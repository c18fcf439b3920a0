import { FIELD, TOKEN } from "./octets.ts";
import { badResponse } from "./upstream-error.ts";

/** Hexadecimal digits of a chunk's size: sizes stay whole numbers. */
const MAX_SIZE_DIGITS = 12;
/** Octets of chunk extensions in one message; nobody uses them, and they cost. */
const MAX_EXTENSIONS = 4 * 1024;
/** Octets of the trailer section. */
const MAX_TRAILERS = 16 * 1024;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const COLON = 0x3a;

/** `chunk-ext` (RFC 9112 §7.1.1), without the white space that it may only be read with. */
const EXTENSIONS =
  /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/;

type State = "size" | "extensions" | "size-lf" | "data" | "data-cr" | "data-lf" | Trailer | "end-lf" | "complete";
/** At the start of a line, in a field's name, in its value, before the line's LF. */
type Trailer = "trailer" | "trailer-name" | "trailer-value" | "trailer-lf";

/** Takes the chunked coding off a message (RFC 9112 §7.1), in whichever pieces it comes. Trailers are checked and dropped. */
export class ChunkedDecoder {
  #state: State = "size";
  #digits = 0;
  /** Of the current chunk, what is still to come. */
  #left = 0;
  #extensions = "";
  #extensionOctets = 0;
  #trailerOctets = 0;

  get complete(): boolean {
    return this.#state === "complete";
  }

  /**
   * Decodes the octets from `at` up to `end`, calling `data` with the positions of each piece of the content. Answers where it
   * stopped: at `end`, or after the last octet of the message. Throws an UpstreamError.
   */
  decode(bytes: Uint8Array, at: number, end: number, data: (from: number, to: number) => void): number {
    let position = at;
    while (position < end && this.#state !== "complete") {
      if (this.#state !== "data") {
        this.#framing(bytes[position++] as number);
        continue;
      }
      const to = Math.min(end, position + this.#left);
      this.#left -= to - position;
      if (this.#left === 0) this.#state = "data-cr";
      data(position, to);
      position = to;
    }
    return position;
  }

  #framing(octet: number): void {
    switch (this.#state) {
      case "size": {
        const digit = hexDigit(octet);
        if (digit >= 0) {
          if (++this.#digits > MAX_SIZE_DIGITS) throw badResponse("a chunk that is too large");
          this.#left = this.#left * 16 + digit;
        } else if (this.#digits === 0) throw badResponse("a chunk without a size");
        else if (octet === CR) this.#state = "size-lf";
        else if (octet === SEMICOLON) {
          this.#extensions = "";
          this.#state = "extensions";
          this.#extension(octet);
        } else throw badResponse("a chunk size that is no number");
        break;
      }
      case "extensions":
        if (octet !== CR) {
          this.#extension(octet);
          break;
        }
        if (!EXTENSIONS.test(this.#extensions)) throw badResponse("chunk extensions that are none");
        this.#state = "size-lf";
        break;
      case "size-lf":
        expect(octet, LF);
        this.#state = this.#left === 0 ? "trailer" : "data";
        break;
      case "data-cr":
        expect(octet, CR);
        this.#state = "data-lf";
        break;
      case "data-lf":
        expect(octet, LF);
        this.#digits = 0;
        this.#state = "size";
        break;
      case "end-lf":
        expect(octet, LF);
        this.#state = "complete";
        break;
      case "trailer":
      case "trailer-name":
      case "trailer-value":
      case "trailer-lf":
        if (++this.#trailerOctets > MAX_TRAILERS) throw badResponse("too long a trailer section");
        this.#state = afterTrailer(this.#state, octet);
        break;
      case "data":
      case "complete":
        break;
      default:
        this.#state satisfies never;
    }
  }

  #extension(octet: number): void {
    if (++this.#extensionOctets > MAX_EXTENSIONS) throw badResponse("too long chunk extensions");
    this.#extensions += String.fromCharCode(octet);
  }
}

/** Field lines like those of a head. */
function afterTrailer(state: Trailer, octet: number): State {
  switch (state) {
    case "trailer":
      if (octet === CR) return "end-lf";
      if (TOKEN[octet] === 1) return "trailer-name";
      throw badResponse("a trailer without a valid name");
    case "trailer-name":
      if (octet === COLON) return "trailer-value";
      if (TOKEN[octet] === 1) return "trailer-name";
      throw badResponse("a trailer without a valid name");
    case "trailer-value":
      if (octet === CR) return "trailer-lf";
      if (FIELD[octet] === 1) return "trailer-value";
      throw badResponse("a character that no trailer may hold");
    case "trailer-lf":
      expect(octet, LF);
      return "trailer";
  }
}

function expect(octet: number, expected: number): void {
  if (octet !== expected) throw badResponse("a line that does not end as it must");
}

function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
