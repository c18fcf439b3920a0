import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { HeaderList } from "../../lib/header-list.ts";

/** What a client is told whose bytes are no HTTP request, or came too slowly. */
export interface ParseRefusal {
  readonly status: 400 | 408 | 431;
  readonly phrase: string;
  readonly headers: HeaderList;
  readonly body: string;
}

export function parseRefusal(error: Error): ParseRefusal {
  const status = statusOf(error);
  const phrase = STATUS_CODES[status] ?? "";
  const body = JSON.stringify({ type: "about:blank", title: phrase, status, code: "validation" });
  return { status, phrase, headers: ["Content-Type", "application/problem+json"], body };
}

/**
 * Answers on a connection that has no request under way, and closes it: where the next request would start is not known. `secure`: headers
 * of each answer of our own.
 */
export function refuseConnection(socket: Socket, refusal: ParseRefusal, secure: HeaderList): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, phrase, body } = refusal;
  const length = ["Content-Length", String(Buffer.byteLength(body)), "Connection", "close"];
  const headers = [...refusal.headers, ...length, ...secure];
  let head = `HTTP/1.1 ${status} ${phrase}\r\n`;
  for (let index = 0; index < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  socket.end(`${head}\r\n${body}`, () => socket.destroy());
}

function statusOf(error: Error): ParseRefusal["status"] {
  switch ("code" in error ? error.code : null) {
    case "HPE_HEADER_OVERFLOW":
      return 431;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return 408;
    default:
      return 400;
  }
}
