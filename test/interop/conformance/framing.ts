import { request, type Section, STRICT_LINES } from "./case.ts";

/** A body that is a whole one by its length, and by chunks an empty one with another request behind it. */
export const SMUGGLED = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/** A request with a line of whatever kind before its length. */
export const gadget = (line: string): string =>
  request("POST /first", [line, `Content-Length: ${SMUGGLED.length}`], SMUGGLED);

const CONTROLS =
  "RFC 9110 §5.5: control characters are no part of a value; Postern refuses them, the others pass them on";
const BOTH =
  "RFC 9112 §6.3 lets chunks win over a length; Postern and nginx take both for an attempt at smuggling, as it says they ought to";

/** One of each kind; whichever gadget is tried, its outcome is one of these. */
export const GADGETS: Section = {
  title: "Two ways to say where a body ends",
  cases: [
    { name: "a length and chunks", bytes: gadget("Transfer-Encoding: chunked"), why: BOTH },
    {
      name: "chunks, behind a tab",
      bytes: gadget("Transfer-Encoding:\tchunked"),
      why: `${BOTH}; nginx takes no tab there`,
    },
    { name: "white space before the colon", bytes: gadget("Transfer-Encoding : chunked") },
    {
      name: "a control character in the value",
      bytes: gadget("Transfer-Encoding: \u0001chunked"),
      why: "refused by all, by nginx as a coding that it does not know",
    },
    {
      name: "a name that is no token",
      bytes: gadget("Transfer-Encoding\u00a0: chunked"),
      why: "nginx drops fields with such names (`ignore_invalid_headers`)",
    },
    {
      name: "a line that is folded",
      bytes: gadget(" Transfer-Encoding: chunked"),
      why: "RFC 9112 §5.2: refused, or made a space; HAProxy does the latter",
    },
    {
      name: "a line that ends with LF alone",
      bytes: gadget("X: X\nTransfer-Encoding: chunked"),
      why: `${STRICT_LINES}. nginx refuses because it then sees both`,
    },
    {
      name: "two lines, the last with LF alone and a tab",
      bytes: gadget("Transfer-Encoding: chunked\t\nX: X"),
      why: STRICT_LINES,
    },
    { name: "a head that ends with LF alone", bytes: gadget("\nTransfer-Encoding: chunked"), why: STRICT_LINES },
    { name: "the same with a field before it", bytes: gadget("X: X\n\nTransfer-Encoding: chunked"), why: STRICT_LINES },
    {
      name: "a control character instead of an end of line",
      bytes: gadget("X: X\u0001Transfer-Encoding: chunked"),
      why: CONTROLS,
    },
    {
      name: "a control character before LF alone",
      bytes: gadget("X: X\u0001\nTransfer-Encoding: chunked"),
      why: `${CONTROLS}. nginx refuses because it then sees both`,
    },
    { name: "a blank instead of an end of line", bytes: gadget("X: X Transfer-Encoding: chunked") },
  ],
};

const FRAMING =
  "nginx reads the whole body first and so knows its length; Postern frames anew what it passes on piece by piece";

export const BODIES: Section = {
  title: "Bodies",
  cases: [
    { name: "a length", bytes: request("POST /", ["Content-Length: 2"], "ab") },
    {
      name: "the same length twice",
      bytes: request("POST /", ["Content-Length: 2", "Content-Length: 2"], "ab"),
      why: "RFC 9112 §6.3 lets the same length count once; Postern refuses",
    },
    { name: "two lengths", bytes: request("POST /", ["Content-Length: 2", "Content-Length: 0"], "ab") },
    {
      name: "a list of lengths",
      bytes: request("POST /", ["Content-Length: 2, 2"], "ab"),
      why: "RFC 9112 §6.3 lets the same length count once; Postern refuses",
    },
    { name: "a signed length", bytes: request("POST /", ["Content-Length: +2"], "ab") },
    { name: "a length that is empty", bytes: request("POST /", ["Content-Length:"]) },
    { name: "zeros before a length", bytes: request("POST /", ["Content-Length: 002"], "ab") },
    { name: "chunks", bytes: request("POST /", ["Transfer-Encoding: chunked"], "2\r\nab\r\n0\r\n\r\n"), why: FRAMING },
    {
      name: "chunks, in capitals",
      bytes: request("POST /", ["Transfer-Encoding: Chunked"], "2\r\nab\r\n0\r\n\r\n"),
      why: FRAMING,
    },
    {
      name: "extensions of chunks",
      bytes: request("POST /", ["Transfer-Encoding: chunked"], "2;x=y\r\nab\r\n0\r\n\r\n"),
      why: FRAMING,
    },
    {
      name: "trailers",
      bytes: request(
        "POST /",
        ["Transfer-Encoding: chunked", "Trailer: X-Auth-User"],
        "2\r\nab\r\n0\r\nX-Auth-User: root\r\n\r\n",
      ),
      why: `${FRAMING}. RFC 9110 §6.5.1: trailers are dropped, as is their announcement, because a service could take them for fields that Postern has checked`,
    },
    {
      name: "LF alone behind a size",
      bytes: request("POST /", ["Transfer-Encoding: chunked"], "2\nab\r\n0\r\n\r\n"),
      why: STRICT_LINES,
    },
    {
      name: "a size with 0x",
      bytes: request("POST /", ["Transfer-Encoding: chunked"], "0x2\r\nab\r\n0\r\n\r\n"),
    },
    {
      name: "another coding",
      bytes: request("POST /", ["Transfer-Encoding: gzip"], ""),
      why: "refused by all; RFC 9112 §6.1 names 501, Postern says 400 as for all framing that it does not take",
    },
    {
      name: "another coding before chunks",
      bytes: request("POST /", ["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"),
      why: "refused by all; RFC 9112 §6.1 names 501, Postern says 400 as for all framing that it does not take",
    },
    {
      name: "chunks before another coding",
      bytes: request("POST /", ["Transfer-Encoding: chunked, gzip"], "0\r\n\r\n"),
      why: "refused by all; RFC 9112 §6.3 names 400",
    },
    {
      name: "chunks twice",
      bytes: request("POST /", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    },
    {
      name: "chunks in HTTP/1.0",
      bytes: "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      why: "RFC 9112 §6.1: faulty framing. HAProxy passes it on as it is",
    },
    { name: "a body with GET", bytes: request("GET /", ["Content-Length: 2"], "ab") },
    {
      name: "a body with DELETE, in chunks",
      bytes: request("DELETE /", ["Transfer-Encoding: chunked"], "2\r\nab\r\n0\r\n\r\n"),
      why: FRAMING,
    },
    {
      name: "a body that waits to be asked for",
      bytes: request("POST /", ["Expect: 100-continue", "Content-Length: 2"], "ab"),
      why: "RFC 9110 §10.1.1 lets a proxy answer 100 by itself. Postern does when the service is ready for the body, and keeps the expectation to itself; HAProxy leaves it to the service",
    },
    {
      name: "another expectation",
      bytes: request("GET /", ["Expect: miracles"]),
      why: "RFC 9110 §10.1.1: 417 may be answered, and need not be. Postern and nginx keep it to themselves",
    },
  ],
};
