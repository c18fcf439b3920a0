import { ChunkedDecoder } from "./chunked-decoder.ts";
import { parseResponseHead, type ResponseHead } from "./response-head.ts";
import { badResponse, UpstreamError } from "./upstream-error.ts";

/** Octets of one head. */
const MAX_HEAD = 16 * 1024;
/** Interim responses that one request may bring. */
const MAX_INTERIM = 16;

/** What becomes of a response, in this order: any number of interim ones, a head, pieces of its body, the end. */
export interface ResponseSink {
  /** 1xx, never 101. */
  onInterim(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /** Octets that are the sink's to keep. After the `last` piece nothing else comes. */
  onData(piece: Buffer, last: boolean): void;
  /** The end, where no piece was the last. */
  onEnd(): void;
}

type State = "head" | "counted" | "chunked" | "until-close" | "complete" | "switched" | "abandoned";

export interface ResponseReaderOptions {
  readonly method: string;
  /** Whether 101 was asked for. */
  readonly upgrade: boolean;
  readonly sink: ResponseSink;
  /** Called when the whole response has been read, before the sink learns of it. `clean`: nothing came after it. */
  readonly onComplete: (clean: boolean) => void;
}

/** Reads one response to one request, in whichever pieces it comes (RFC 9112 §6.3). */
export class ResponseReader {
  readonly #options: ResponseReaderOptions;
  readonly #sink: ResponseSink;
  #state: State = "head";
  /** The beginning of a head whose rest is still to come. */
  #partial = "";
  #head: ResponseHead | null = null;
  #interim = 0;
  /** Of a body of known length, what is still to come. */
  #left = 0;
  #chunks: ChunkedDecoder | null = null;

  constructor(options: ResponseReaderOptions) {
    this.#options = options;
    this.#sink = options.sink;
  }

  get state(): State {
    return this.#state;
  }

  /** The head, once it is there; of a response that switches protocols too. */
  get head(): ResponseHead | null {
    return this.#head;
  }

  /** Whether the connection may serve another request, as far as this response goes. */
  get persistent(): boolean {
    const head = this.#head;
    if (this.#state !== "complete" || head === null || head.persistence === "close") return false;
    // A body that the status rules out: whether it comes nevertheless is not sure.
    if (head.status === 204 && (head.chunked || (head.length ?? 0) > 0)) return false;
    return !head.http10 || head.persistence === "keep-alive";
  }

  /** Nothing more is told to the sink. */
  abandon(): void {
    this.#state = "abandoned";
  }

  /** Reads `bytes` up to `end`. Answers where it stopped: at `end`, or at the first octet that is not this response's. Throws an UpstreamError. */
  read(bytes: Buffer, end: number): number {
    let at = 0;
    while (at < end) {
      switch (this.#state) {
        case "head":
          at = this.#readHead(bytes, at, end);
          break;
        case "counted":
          at = this.#readCounted(bytes, at, end);
          break;
        case "chunked":
          at = this.#readChunked(bytes, at, end);
          break;
        case "until-close":
          this.#sink.onData(Buffer.from(bytes.subarray(at, end)), false);
          return end;
        case "complete":
        case "switched":
        case "abandoned":
          return at;
        default:
          this.#state satisfies never;
      }
    }
    return at;
  }

  /** The upstream has closed its side. Throws an UpstreamError where the response is not whole. */
  close(): void {
    switch (this.#state) {
      case "until-close":
        this.#complete(false);
        break;
      case "head":
        throw new UpstreamError("closed", "closed before a response");
      case "counted":
      case "chunked":
        throw new UpstreamError("body", "the body broke off");
      case "complete":
      case "switched":
      case "abandoned":
        break;
      default:
        this.#state satisfies never;
    }
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    const before = this.#partial.length;
    const text = this.#partial + bytes.toString("latin1", at, Math.min(end, at + MAX_HEAD - before));
    const empty = text.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (empty === -1) {
      if (text.length >= MAX_HEAD) throw badResponse("too large a head");
      checkBeginning(text);
      this.#partial = text;
      return end;
    }
    this.#partial = "";
    const head = parseResponseHead(text, empty + 2);
    const stopped = at + empty + 4 - before;
    if (head.status < 200) this.#preliminary(head);
    else this.#begin(head, stopped === end);
    return stopped;
  }

  #preliminary(head: ResponseHead): void {
    if (head.status === 101) {
      if (!this.#options.upgrade) throw badResponse("a change of protocols that nobody asked for");
      this.#head = head;
      this.#state = "switched";
      return;
    }
    if (++this.#interim > MAX_INTERIM) throw badResponse("too many interim responses");
    this.#sink.onInterim(head);
  }

  /** `alone`: nothing has come with it. */
  #begin(head: ResponseHead, alone: boolean): void {
    const { status, length, chunked } = head;
    this.#head = head;
    this.#sink.onHead(head);
    if (this.#state === "abandoned") return;
    if (this.#options.method === "HEAD" || status === 204 || status === 304) this.#complete(alone);
    else if (chunked) {
      this.#chunks = new ChunkedDecoder();
      this.#state = "chunked";
    } else if (length === null) this.#state = "until-close";
    else if (length === 0) this.#complete(alone);
    else {
      this.#left = length;
      this.#state = "counted";
    }
  }

  #readCounted(bytes: Buffer, at: number, end: number): number {
    const to = Math.min(end, at + this.#left);
    this.#left -= to - at;
    const piece = Buffer.from(bytes.subarray(at, to));
    const last = this.#left === 0;
    if (last) this.#finish(to === end);
    this.#sink.onData(piece, last);
    return to;
  }

  #readChunked(bytes: Buffer, at: number, end: number): number {
    const chunks = this.#chunks;
    if (chunks === null) return end;
    const stopped = chunks.decode(bytes, at, end, (from, to) => {
      if (this.#state === "chunked") this.#sink.onData(Buffer.from(bytes.subarray(from, to)), false);
    });
    if (chunks.complete && this.#state === "chunked") this.#complete(stopped === end);
    return stopped;
  }

  #complete(clean: boolean): void {
    this.#finish(clean);
    this.#sink.onEnd();
  }

  #finish(clean: boolean): void {
    this.#state = "complete";
    this.#options.onComplete(clean);
  }
}

/** What can never become a head need not be waited for. */
function checkBeginning(text: string): void {
  if (!"HTTP/1.".startsWith(text.slice(0, 7))) throw badResponse("no HTTP/1.x status line");
  if (/(?:^|[^\r])\n|\r[^\n]|\0/.test(text)) throw badResponse("a line that does not end as it must");
}
