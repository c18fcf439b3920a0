import type { HeaderList } from "../lib/header-list.ts";
import type { Problem } from "../protocol/errors.ts";

/** A request's head as the HTTP parser let it through. */
export interface RequestHead {
  readonly method: string;
  /** As sent, in any form (RFC 9112 §3.2). */
  readonly target: string;
  readonly httpVersion: string;
  readonly headers: HeaderList;
}

/** How the body is framed; generated anew for the upstream. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: string }
  | { readonly kind: "chunked" };

export type CheckedRequest =
  /** `target` in origin form, and the headers with the Host that counts. */
  | { readonly kind: "request"; readonly target: string; readonly headers: HeaderList; readonly framing: Framing }
  /** OPTIONS that goes no further (RFC 9110 §9.3.7, §7.6.2). */
  | { readonly kind: "options" }
  /** The connection is closed after the answer: where this message ends is not sure. */
  | { readonly kind: "refuse"; readonly problem: Problem };

/** More header lines than any honest request has. */
const MAX_HEADER_LINES = 200;

const NO_BODY: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
/** A name or an address, and a port (RFC 9112 §3.2). No user part, nothing percent-encoded. */
export const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;
/** Visible ASCII without `#`, which no request target holds (RFC 9112 §3.2). */
const TARGET = /^[\x21\x22\x24-\x7e]+$/;

const refuse = (detail: string): CheckedRequest => ({ kind: "refuse", problem: { code: "validation", detail } });

/** What RFC 9112 asks of a request and HTTP parsers let pass. */
export function checkRequest(head: RequestHead): CheckedRequest {
  const { method, target, headers, httpVersion } = head;
  if (method === "TRACE" || method === "CONNECT") {
    return {
      kind: "refuse",
      problem: { code: "method_not_allowed", allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" },
    };
  }
  // The parser takes this syntax for HTTP/2.0 and 0.9 too (RFC 9112 §2.3).
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return refuse("Only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (headers.length > MAX_HEADER_LINES * 2) return refuse("Too many header fields");

  let host: string | null = null;
  let length: string | null = null;
  let chunked = false;
  let maxForwards: string | null = null;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    switch (name.length) {
      case 4:
        if (name.toLowerCase() !== "host") break;
        if (host !== null || !HOST.test(value)) return refuse("Exactly one valid Host is needed");
        host = value;
        break;
      case 7:
        if (name.toLowerCase() === "upgrade" && /\bh2c\b/i.test(value)) return refuse("HTTP/2 is not spoken here");
        break;
      case 12:
        if (method === "OPTIONS" && name.toLowerCase() === "max-forwards") maxForwards = value;
        break;
      case 14:
        if (name.toLowerCase() !== "content-length") break;
        if (length !== null || !/^\d{1,15}$/.test(value)) return refuse("Exactly one valid Content-Length is needed");
        length = value;
        break;
      case 17:
        if (name.toLowerCase() !== "transfer-encoding") break;
        if (chunked || value.toLowerCase() !== "chunked") return refuse("No transfer coding but chunked is understood");
        chunked = true;
        break;
    }
  }
  if (chunked && (length !== null || httpVersion !== "1.1")) return refuse("The length of the body is not clear");
  if (host === null && httpVersion !== "1.0") return refuse("Exactly one valid Host is needed");
  if (method === "OPTIONS" && (target === "*" || maxForwards === "0")) return { kind: "options" };
  if (!TARGET.test(target)) return refuse("The request target is not valid");

  const framing = chunked
    ? CHUNKED
    : length === null || Number(length) === 0
      ? NO_BODY
      : { kind: "length" as const, length };
  if (target.charCodeAt(0) === 0x2f) return { kind: "request", target, headers, framing };
  return fromAbsolute(target, headers, framing);
}

/** The authority of an absolute target overrides Host (RFC 9112 §3.2.2). */
function fromAbsolute(target: string, headers: HeaderList, framing: Framing): CheckedRequest {
  const [, authority, rest] = ABSOLUTE.exec(target) ?? [];
  if (authority === undefined || rest === undefined || !HOST.test(authority))
    return refuse("The request target is not valid");
  const others: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.toLowerCase() !== "host") others.push(name, headers[index + 1] as string);
  }
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  return { kind: "request", target: path, headers: ["Host", authority, ...others], framing };
}
