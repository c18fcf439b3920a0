import { FIELD, TOKEN } from "./octets.ts";
import { badResponse } from "./upstream-error.ts";

/** More lines than any honest response has. */
const MAX_FIELDS = 256;
/** So that every length is a whole number. */
const MAX_LENGTH_DIGITS = 15;

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const ZERO = 0x30;

/** A status line and the field lines after it, as they were received, and what they say about the message's length. */
export interface ResponseHead {
  readonly status: number;
  /** In Latin-1. */
  readonly phrase: string;
  /** Name, value, name, value…; values without the white space around them. */
  readonly headers: string[];
  readonly http10: boolean;
  /** Of `Content-Length`; null where there is none. */
  readonly length: number | null;
  readonly chunked: boolean;
  /** What `Connection` asks for; null where it says nothing about it. */
  readonly persistence: "close" | "keep-alive" | null;
  /** For how many seconds the upstream says that it keeps the connection; null where it does not. */
  readonly keepAlive: number | null;
}

/**
 * Reads a head, `text` up to `end`, where the empty line begins; each octet one character. Strict: what RFC 9112 lets a recipient
 * tolerate (obs-fold, bare LF, white space before a colon, lengths said twice) is refused, because two recipients that tolerate
 * differently see two messages. One thing is tolerated, as it is harmless and common: no space after the status.
 * Throws an UpstreamError.
 */
export function parseResponseHead(text: string, end: number): ResponseHead {
  const http10 = text.charCodeAt(7) === ZERO;
  if (!(text.startsWith("HTTP/1.1 ") || text.startsWith("HTTP/1.0 "))) throw badResponse("no HTTP/1.x status line");
  const status = threeDigits(text, 9);
  let at = 12;
  const phraseAt = text.charCodeAt(at) === SPACE ? ++at : at;
  while (at < end && FIELD[text.charCodeAt(at)] === 1) at++;
  if (phraseAt === 12 && at > 12) throw badResponse("a status of more than three digits");
  const phrase = text.slice(phraseAt, at);
  at = endOfLine(text, at);

  const headers: string[] = [];
  let length: number | null = null;
  let codings: string | null = null;
  let persistence: ResponseHead["persistence"] = null;
  let keepAlive: number | null = null;
  while (at < end) {
    const nameAt = at;
    while (TOKEN[text.charCodeAt(at)] === 1) at++;
    if (at === nameAt || text.charCodeAt(at) !== COLON) throw badResponse("a field without a valid name");
    const name = text.slice(nameAt, at);
    at++;
    while (isBlank(text.charCodeAt(at))) at++;
    const valueAt = at;
    while (FIELD[text.charCodeAt(at)] === 1) at++;
    let valueEnd = at;
    while (valueEnd > valueAt && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--;
    const value = text.slice(valueAt, valueEnd);
    at = endOfLine(text, at);
    headers.push(name, value);
    if (headers.length > MAX_FIELDS * 2) throw badResponse("too many fields");

    switch (name.length) {
      case 10: {
        const lower = name.toLowerCase();
        if (lower === "connection") persistence = strictest(persistence, value);
        else if (lower === "keep-alive") keepAlive = keptFor(value);
        break;
      }
      case 14:
        if (name.toLowerCase() !== "content-length") break;
        if (length !== null) throw badResponse("more than one Content-Length");
        length = parseLength(value);
        break;
      case 17:
        if (name.toLowerCase() !== "transfer-encoding") break;
        codings = codings === null ? value : `${codings}, ${value}`;
        break;
    }
  }
  if (codings !== null) {
    if (codings.toLowerCase() !== "chunked") throw badResponse("a transfer coding that is not chunked alone");
    if (length !== null) throw badResponse("both Content-Length and Transfer-Encoding");
    if (http10) throw badResponse("Transfer-Encoding in HTTP/1.0");
  }
  return { status, phrase, headers, http10, length, chunked: codings !== null, persistence, keepAlive };
}

/** Where the line after this one begins. */
function endOfLine(text: string, at: number): number {
  if (text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF) return at + 2;
  throw badResponse("a character that no head may hold");
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

function threeDigits(text: string, at: number): number {
  let value = 0;
  for (let index = at; index < at + 3; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (!(digit >= 0 && digit <= 9)) throw badResponse("a status that is not three digits");
    value = value * 10 + digit;
  }
  if (value < 100) throw badResponse("a status below 100");
  return value;
}

function parseLength(value: string): number {
  let length = 0;
  for (let index = 0; index < value.length; index++) {
    const digit = value.charCodeAt(index) - ZERO;
    if (!(digit >= 0 && digit <= 9)) throw badResponse("a Content-Length that is no number");
    length = length * 10 + digit;
  }
  if (value.length === 0 || value.length > MAX_LENGTH_DIGITS) throw badResponse("a Content-Length that is no number");
  return length;
}

function strictest(before: ResponseHead["persistence"], value: string): ResponseHead["persistence"] {
  let said = before;
  for (const option of value.toLowerCase().split(",")) {
    const trimmed = option.trim();
    if (trimmed === "close") said = "close";
    else if (trimmed === "keep-alive") said ??= "keep-alive";
  }
  return said;
}

function keptFor(value: string): number | null {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/i.exec(value)?.[1];
  return seconds === undefined ? null : Number(seconds);
}
