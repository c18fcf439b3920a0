import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connection } from "../../app/endpoints.ts";
import { type TextAnswer, TextResponse } from "../../http/text-response.ts";
import { WholeRequest } from "../../http/whole-request.ts";
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
  const { req, headers, target, peer } = exchange;
  const { method = "GET" } = req;
  let content: Uint8Array<ArrayBuffer> | null = null;
  if (exchange.hasBody && method !== "GET" && method !== "HEAD") {
    const body = await readBody(exchange, answers.maxBody);
    if (body === "gone") return;
    if (body === "too_large") {
      exchange.close();
      await writeResponse(exchange, answers.tooLarge(target));
      return;
    }
    content = body;
  }
  const request = new WholeRequest({ method, origin: answers.origin, target, headers, content });
  exchange.onClose = () => request.abandon();
  await writeResponse(exchange, await answers.answer(request, { peer, headers }));
}

type Body = Uint8Array<ArrayBuffer> | "too_large" | "gone";

async function readBody(exchange: Exchange, max: number): Promise<Body> {
  const { framing, req } = exchange;
  if (framing.kind === "length" && Number(framing.length) > max) return "too_large";
  exchange.continue();
  return collect(req, max);
}

/** By the stream's events: its iterator costs several times as much. */
function collect(req: IncomingMessage, max: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer<ArrayBuffer>[] = [];
    let size = 0;
    const settle = (body: Body): void => {
      req.off("data", take).off("end", end).off("close", gone).off("error", gone);
      resolve(body);
    };
    const take = (chunk: Buffer<ArrayBuffer>): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= max) return;
      req.pause();
      settle("too_large");
    };
    const end = (): void => settle(chunks.length === 1 ? (chunks[0] as Buffer<ArrayBuffer>) : Buffer.concat(chunks));
    const gone = (): void => settle("gone");
    if (req.destroyed) gone();
    else req.on("data", take).on("end", end).on("close", gone).on("error", gone);
  });
}

async function writeResponse(exchange: Exchange, response: Response): Promise<void> {
  const answer = response instanceof TextResponse ? response.answer : null;
  if (answer === null) await writeWebResponse(exchange, response);
  else writeText(exchange, answer);
}

function writeText(exchange: Exchange, { status, headers, text }: TextAnswer): void {
  if (exchange.gone) return;
  const length = text === null ? [] : ["Content-Length", String(Buffer.byteLength(text))];
  exchange.head(status, undefined, [...headers, ...length]);
  exchange.res.end(text ?? "");
}

async function writeWebResponse(exchange: Exchange, response: Response): Promise<void> {
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
