import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connection } from "../../app/endpoints.ts";
import type { Exchange } from "./exchange.ts";

/** Who answers requests of the fetch API, and how. */
export interface WebAnswers {
  readonly answer: (request: Request, connection: Connection) => Promise<Response>;
  /** The refusal of a body past `maxBody`, in the form that the target's errors have. */
  readonly tooLarge: (target: string) => Response;
  readonly origin: string;
  /** Bytes of a body that are read. */
  readonly maxBody: number;
}

/** Answers that come piece by piece over a long time; every other one is sent whole, with its length. */
const STREAMED = /^(?:text\/event-stream|application\/(?:x-)?ndjson)\b/;

/**
 * Answers an exchange by way of the fetch API. The body is read first, up to `maxBody` bytes as counted, so that a client that goes
 * away in the middle of it has asked for nothing.
 */
export async function answerAsWeb(exchange: Exchange, answers: WebAnswers): Promise<void> {
  const method = exchange.req.method ?? "GET";
  const headers = new Headers();
  for (let index = 0; index < exchange.headers.length; index += 2) {
    headers.append(exchange.headers[index] as string, exchange.headers[index + 1] as string);
  }
  const init: RequestInit = { method, headers };
  if (exchange.hasBody && method !== "GET" && method !== "HEAD") {
    const body = await readBody(exchange, answers.maxBody);
    if (body === "gone") return;
    if (body === "too_large") {
      exchange.close();
      await writeResponse(exchange, answers.tooLarge(exchange.target));
      return;
    }
    init.body = body;
  }
  const request = new IncomingRequest(answers.origin + exchange.target, init);
  exchange.onClose = () => request.abandon();
  const response = await answers.answer(request, { peer: exchange.peer, headers: exchange.headers });
  await writeResponse(exchange, response);
}

/** A request whose client may go away. Its signal is made where it is asked for: it costs more than the rest, and few need it. */
class IncomingRequest extends Request {
  #gone: AbortController | null = null;
  #abandoned = false;

  override get signal(): AbortSignal {
    if (this.#gone === null) {
      this.#gone = new AbortController();
      if (this.#abandoned) this.#gone.abort();
    }
    return this.#gone.signal;
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#gone?.abort();
  }
}

async function readBody(exchange: Exchange, max: number): Promise<Buffer<ArrayBuffer> | "too_large" | "gone"> {
  const { framing, req } = exchange;
  if (framing.kind === "length" && Number(framing.length) > max) return "too_large";
  exchange.continue();
  return await collect(req, max);
}

async function collect(req: IncomingMessage, max: number): Promise<Buffer<ArrayBuffer> | "too_large" | "gone"> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > max) return "too_large";
      chunks.push(chunk);
    }
  } catch {
    return "gone";
  }
  return Buffer.concat(chunks);
}

async function writeResponse(exchange: Exchange, response: Response): Promise<void> {
  const { res } = exchange;
  const headers = [...response.headers].flat();
  if (response.body === null || !STREAMED.test(response.headers.get("content-type") ?? "")) {
    const body = Buffer.from(await response.arrayBuffer());
    if (exchange.gone) return;
    if (response.body !== null && !response.headers.has("content-length")) {
      headers.push("Content-Length", String(body.length));
    }
    exchange.head(response.status, undefined, headers);
    res.end(body);
    return;
  }
  const reader = response.body.getReader();
  const closed = new Promise<void>((resolve) => {
    exchange.onClose = () => {
      resolve();
      void reader.cancel().catch(() => {});
    };
  });
  if (exchange.gone) return exchange.onClose?.();
  exchange.head(response.status, undefined, headers);
  res.flushHeaders();
  try {
    for (let piece = await reader.read(); !piece.done && !exchange.gone; piece = await reader.read()) {
      // The source may give up a client that does not read.
      if (!res.write(piece.value)) await Promise.race([drained(res), closed, reader.closed]);
    }
    res.end();
  } catch {
    res.destroy();
  }
}

const drained = (res: ServerResponse): Promise<unknown> => new Promise((resolve) => res.once("drain", resolve));
