import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { HeaderList } from "../../lib/header-list.ts";

/**
 * Answers bytes that are no HTTP request, and closes: where the next request would start is not known. With an answer under way the
 * connection is only cut, because a second answer would be taken for the first one's. `secure`: headers of each answer of our own.
 */
export function answerParseError(
  error: Error,
  socket: Socket,
  { underWay, secure }: { readonly underWay: boolean; readonly secure: HeaderList },
): void {
  if (underWay || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statusOf(error);
  const phrase = STATUS_CODES[status] ?? "";
  const body = JSON.stringify({ type: "about:blank", title: phrase, status, code: "validation" });
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  for (let index = 0; index < secure.length; index += 2) head.push(`${secure[index]}: ${secure[index + 1]}`);
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function statusOf(error: Error): 400 | 408 | 431 {
  switch ("code" in error ? error.code : null) {
    case "HPE_HEADER_OVERFLOW":
      return 431;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return 408;
    default:
      return 400;
  }
}
