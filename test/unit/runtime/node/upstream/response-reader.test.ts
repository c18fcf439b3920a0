import { describe, expect, test } from "vitest";
import { readVectors } from "../../../../support/vectors.ts";
import { type ReadOptions, readResponse } from "./read-response.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const read = (text: string, options?: ReadOptions) => readResponse([text], options);

describe("responses that are read", () => {
  test("a length", () => {
    expect(read(`${OK}Content-Length: 5\r\nX:  a\tb \r\nx:\r\n\r\nhello`)).toEqual({
      interim: [],
      head: { status: 200, phrase: "OK", headers: ["Content-Length", "5", "X", "a\tb", "x", ""] },
      body: "hello",
      end: "complete",
      reusable: true,
    });
  });

  test("chunks, with extensions and trailers, which go no further", () => {
    const chunks = '5;a;b=c;d="e\\" ;"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\nY:\r\n\r\n';
    const answer = read(`${OK}Transfer-Encoding: Chunked\r\n\r\n${chunks}`);
    expect(answer).toMatchObject({ body: "hello0123456789", end: "complete", reusable: true });
    expect(answer.head?.headers).toEqual(["Transfer-Encoding", "Chunked"]);
  });

  test("until the connection ends", () => {
    expect(read(`${OK}\r\nhello`)).toMatchObject({ body: "hello", end: "open" });
    expect(read(`${OK}\r\nhello`, { closes: true })).toMatchObject({ body: "hello", end: "complete", reusable: false });
  });

  test.each<[string, string, ReadOptions]>([
    ["to HEAD", `${OK}Content-Length: 5\r\n\r\n`, { method: "HEAD" }],
    ["to HEAD, with chunks announced", `${OK}Transfer-Encoding: chunked\r\n\r\n`, { method: "HEAD" }],
    ["304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", {}],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n", {}],
    ["a length of 0", `${OK}Content-Length: 0\r\n\r\n`, {}],
  ])("without a body: %s", (_what, text, options) => {
    expect(read(text, options)).toMatchObject({ body: "", end: "complete", reusable: true });
  });

  test("interim ones before it", () => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const text = `HTTP/1.1 100 Continue\r\n\r\n${early}${OK}Content-Length: 2\r\n\r\nok`;
    expect(read(text)).toMatchObject({ interim: [100, 103], body: "ok", end: "complete", reusable: true });
  });

  test("no reason, an empty one, one of other characters", () => {
    expect(read("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").head).toMatchObject({ status: 200, phrase: "" });
    expect(read("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").head).toMatchObject({ status: 200, phrase: "" });
    expect(read("HTTP/1.1 500 Ori\xebnt\r\nContent-Length: 0\r\n\r\n").head?.phrase).toBe("Ori\xebnt");
  });

  test("a change of protocols that was asked for", () => {
    const text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nraw";
    expect(read(text, { upgrade: true })).toMatchObject({ head: { status: 101 }, body: "", end: "switched" });
  });
});

describe("responses after which the connection serves nobody", () => {
  test.each<[string, string]>([
    ["Connection: close", `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nok`],
    ["close among others", `${OK}connection: keep-alive, CLOSE\r\nContent-Length: 2\r\n\r\nok`],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["more than its length", `${OK}Content-Length: 2\r\n\r\nok!`],
    ["a second response", `${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 2\r\n\r\nno`],
    ["more than the last chunk", `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n\r\n`],
    ["204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"],
    ["204 with chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["a body after 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok"],
  ])("%s", (_what, text) => {
    expect(read(text)).toMatchObject({ end: "complete", reusable: false });
  });

  test("HTTP/1.0 serves on where it says so", () => {
    const text = "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok";
    expect(read(text)).toMatchObject({ end: "complete", reusable: true });
  });

  test("a body to HEAD", () => {
    const answer = read(`${OK}Content-Length: 2\r\n\r\nok`, { method: "HEAD" });
    expect(answer).toMatchObject({ end: "complete", body: "", reusable: false });
  });
});

const LENGTH = "Content-Length: 0\r\n\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

describe("what is no response", () => {
  test.each<[string, string]>([
    ["another protocol", `RTSP/1.0 200 OK\r\n${LENGTH}`],
    ["HTTP/0.9", `HTTP/0.9 200 OK\r\n${LENGTH}`],
    ["HTTP/1.2", `HTTP/1.2 200 OK\r\n${LENGTH}`],
    ["HTTP/2.0", `HTTP/2.0 200 OK\r\n${LENGTH}`],
    ["HTTP/11.1", `HTTP/11.1 200 OK\r\n${LENGTH}`],
    ["lower case", `http/1.1 200 OK\r\n${LENGTH}`],
    ["an empty line before", `\r\n${OK}${LENGTH}`],
    ["a space before", ` ${OK}${LENGTH}`],
    ["two spaces", `HTTP/1.1  200 OK\r\n${LENGTH}`],
    ["a tab", `HTTP/1.1\t200 OK\r\n${LENGTH}`],
    ["two digits", `HTTP/1.1 20 OK\r\n${LENGTH}`],
    ["four digits", `HTTP/1.1 2000 OK\r\n${LENGTH}`],
    ["letters for a status", `HTTP/1.1 2xx OK\r\n${LENGTH}`],
    ["a status below 100", `HTTP/1.1 099 OK\r\n${LENGTH}`],
    ["a signed status", `HTTP/1.1 +20 OK\r\n${LENGTH}`],
    ["NUL in the reason", `HTTP/1.1 200 O\0K\r\n${LENGTH}`],
    ["bare CR in the reason", `HTTP/1.1 200 O\rK\r\n${LENGTH}`],
    ["LF for CRLF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
    ["one LF for CRLF", `HTTP/1.1 200 OK\nX: 1\r\n${LENGTH}`],
    ["an obs-fold", `${OK}X: 1\r\n 2\r\n${LENGTH}`],
    ["an obs-fold of a tab", `${OK}X: 1\r\n\t2\r\n${LENGTH}`],
    ["a space before the first field", `${OK} X: 1\r\n${LENGTH}`],
    ["a space before the colon", `${OK}X : 1\r\n${LENGTH}`],
    ["no colon", `${OK}X\r\n${LENGTH}`],
    ["no name", `${OK}: 1\r\n${LENGTH}`],
    ["a name of other characters", `${OK}X\xe9: 1\r\n${LENGTH}`],
    ["a name with a bracket", `${OK}X(1): 1\r\n${LENGTH}`],
    ["NUL in a name", `${OK}X\0: 1\r\n${LENGTH}`],
    ["NUL in a value", `${OK}X: 1\0\r\n${LENGTH}`],
    ["DEL in a value", `${OK}X: 1\x7f\r\n${LENGTH}`],
    ["bare CR in a value", `${OK}X: 1\r2\r\n${LENGTH}`],
    ["CR twice", `${OK}X: 1\r\r\n${LENGTH}`],
    ["bare LF in a value", `${OK}X: 1\n2\r\n${LENGTH}`],
    ["two lengths that differ", `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nok`],
    ["two lengths that agree", `${OK}Content-Length: 2\r\ncontent-length: 2\r\n\r\nok`],
    ["a list of lengths", `${OK}Content-Length: 2, 2\r\n\r\nok`],
    ["an empty length", `${OK}Content-Length:\r\n\r\n`],
    ["a negative length", `${OK}Content-Length: -1\r\n\r\n`],
    ["a signed length", `${OK}Content-Length: +2\r\n\r\nok`],
    ["a hexadecimal length", `${OK}Content-Length: 0x2\r\n\r\nok`],
    ["a length past all numbers", `${OK}Content-Length: 9007199254740993\r\n\r\n`],
    ["a length and chunks", `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["chunks and a length", `${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n`],
    ["another coding", `${OK}Transfer-Encoding: gzip\r\n\r\n`],
    ["another coding before chunked", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["another coding after chunked", `${OK}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ["chunked twice", `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["an empty coding", `${OK}Transfer-Encoding:\r\n\r\n`],
    ["chunked and white space that is none", `${OK}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a change of protocols that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
    ["no end of interim responses", "HTTP/1.1 100 Continue\r\n\r\n".repeat(17)],
    ["too large a head", `${OK}X: ${"x".repeat(16 * 1024)}`],
    ["too many fields", `${OK}${"X: 1\r\n".repeat(257)}${LENGTH}`],
    ["a chunk without a size", `${CHUNKED}\r\nok\r\n0\r\n\r\n`],
    ["a chunk size of letters", `${CHUNKED}g\r\n`],
    ["a signed chunk size", `${CHUNKED}+2\r\nok\r\n0\r\n\r\n`],
    ["a chunk size with a prefix", `${CHUNKED}0x2\r\nok\r\n0\r\n\r\n`],
    ["a space before a chunk size", `${CHUNKED} 2\r\nok\r\n0\r\n\r\n`],
    ["a space after a chunk size", `${CHUNKED}2 \r\nok\r\n0\r\n\r\n`],
    ["a chunk past all numbers", `${CHUNKED}${"f".repeat(13)}\r\n`],
    ["bare LF after a chunk size", `${CHUNKED}2\nok\r\n0\r\n\r\n`],
    ["bare CR after a chunk size", `${CHUNKED}2\rok\r\n0\r\n\r\n`],
    ["a chunk longer than its size", `${CHUNKED}2\r\nok!\r\n0\r\n\r\n`],
    ["bare LF after a chunk", `${CHUNKED}2\r\nok\n0\r\n\r\n`],
    ["an extension without a name", `${CHUNKED}2;\r\nok\r\n0\r\n\r\n`],
    ["an extension without a value", `${CHUNKED}2;a=\r\nok\r\n0\r\n\r\n`],
    ["bare LF in an extension", `${CHUNKED}2;a\nok\r\n0\r\n\r\n`],
    ["an open quote in an extension", `${CHUNKED}2;a="b\r\nok\r\n0\r\n\r\n`],
    ["extensions without end", `${CHUNKED}${"1;abc=defgh\r\nx\r\n".repeat(500)}`],
    ["a trailer that is none", `${CHUNKED}0\r\nX 1\r\n\r\n`],
    ["a trailer that is folded", `${CHUNKED}0\r\nX: 1\r\n 2\r\n\r\n`],
    ["a trailer with bare LF", `${CHUNKED}0\r\nX: 1\nY: 2\r\n\r\n`],
    ["a trailer with NUL", `${CHUNKED}0\r\nX: \0\r\n\r\n`],
    ["trailers without end", `${CHUNKED}0\r\n${"X: 1\r\n".repeat(4000)}`],
  ])("%s", (_what, text) => {
    expect(read(text).end).toBe("refused");
    // Octet by octet it is no better.
    expect(readResponse([...text]).end).toBe("refused");
  });

  test.each(["SSH-2.0-OpenSSH_9.2\r\n", "<html>", "HTTP/2", "\x16\x03\x01", `${OK}X: 1\n`, `HTTP/1.1 200 OK\n`])(
    "%j is refused before it has an end",
    (text) => {
      expect(read(text).end).toBe("refused");
    },
  );
});

test.each<[string, string]>([
  ["within its length", `${OK}Content-Length: 5\r\n\r\nhal`],
  ["within a chunk", `${CHUNKED}5\r\nhal`],
  ["before the last chunk", `${CHUNKED}3\r\nhal\r\n`],
  ["within the last chunk", `${CHUNKED}3\r\nhal\r\n0\r\n`],
])("a body that breaks off is no whole one: %s", (_where, text) => {
  expect(read(text, { closes: true })).toMatchObject({ end: "cut", body: "hal" });
});

test("a connection that closes without a response, and with half a head", () => {
  expect(read("", { closes: true }).end).toBe("cut");
  expect(read(`${OK}Content-Le`, { closes: true }).end).toBe("cut");
});

interface Vector {
  readonly type: string;
  readonly title: string;
  readonly raw_b64: string;
  readonly expect_error: string | null;
}

/** Read leniently elsewhere, refused here, and why. */
const STRICTER: Readonly<Record<string, string>> = {
  "HTTP version 0.9": "not HTTP/1",
  "RTSP response": "not HTTP",
  "ICE response": "not HTTP",
  "HTTP 100 first, then 400": "an empty line between two heads",
  "Response starting with CRLF": "only a server may skip an empty line (RFC 9112 §2.2)",
  "`chunked` before other transfer-encoding": "a coding that cannot be passed on",
  "multiple transfer-encoding where chunked is not the last one": "a coding that cannot be passed on",
  "`chunkedchunked` transfer-encoding does not enable chunked enconding": "a coding that cannot be passed on",
  "HTTP 101 response with Upgrade and Content-Length header": "nobody asked for another protocol",
  "HTTP 101 response with Upgrade and Transfer-Encoding header": "nobody asked for another protocol",
};

test("public vectors: what a strict parser must refuse is refused, or leaves a connection that serves nobody", () => {
  const text = readVectors("llhttp/responses.json");
  if (text === null) return;
  const vectors: readonly Vector[] = JSON.parse(text);
  const strict = vectors.filter(({ type }) => type === "response" || type === "response-finish");
  expect(strict.length).toBeGreaterThan(60);
  for (const { title, raw_b64, expect_error } of strict) {
    const bytes = Buffer.from(raw_b64, "base64").toString("latin1");
    for (const pieces of [[bytes], [...bytes]]) {
      const { end, reusable } = readResponse(pieces, { closes: expect_error !== null });
      if (expect_error === null || title in STRICTER) expect(end === "refused", title).toBe(title in STRICTER);
      else expect(end === "refused" || end === "cut" || (end === "complete" && !reusable), title).toBe(true);
    }
  }
});
