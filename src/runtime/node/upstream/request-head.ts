import type { HeaderList } from "../../../lib/header-list.ts";
import type { BodySource } from "./request-body.ts";
import { UpstreamError } from "./upstream-error.ts";

/** A request as it goes to an upstream. */
export interface UpstreamRequest {
  readonly method: string;
  /** In origin-form, byte for byte as it was authorised. */
  readonly path: string;
  readonly host: string;
  /** With neither Host nor framing nor Connection; each character one octet. */
  readonly headers: HeaderList;
  readonly body: BodySource | null;
  /** Of the body, as a decimal number; null: sent in chunks. */
  readonly length: string | null;
  /** Whether the connection is to become a WebSocket's. */
  readonly upgrade: boolean;
}

/** Methods whose requests say so where they have no body (RFC 9110 §8.6). */
const EXPECTS_BODY = new Set(["POST", "PUT", "PATCH"]);
/** What Latin-1 would write as another character, perhaps as the end of a line. */
const NOT_ONE_OCTET = /[^\0-\xff]/;

/** The request line and the field lines, empty line included. Throws an UpstreamError where a value would add lines of its own. */
export function requestHead({ method, path, host, headers, body, length, upgrade }: UpstreamRequest): string {
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  let lines = headers.length / 2 + 3;
  for (let index = 0; index < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  if (upgrade) {
    head += "connection: upgrade\r\nupgrade: websocket\r\n";
    lines += 2;
  } else if (body !== null) {
    head += length === null ? "transfer-encoding: chunked\r\n" : `content-length: ${length}\r\n`;
    lines++;
  } else if (EXPECTS_BODY.has(method)) {
    head += "content-length: 0\r\n";
    lines++;
  }
  head += "\r\n";
  // Counting line ends sees any that a value has brought along, at a fraction of what looking at each value costs.
  if (count(head, "\n") !== lines || count(head, "\r") !== lines || head.includes("\0") || NOT_ONE_OCTET.test(head)) {
    throw new UpstreamError(null, "a header that cannot be sent");
  }
  return head;
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found++;
  return found;
}
