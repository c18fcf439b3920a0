// A service that has been taken over answers in ways that two readers read differently: heads that a lenient parser accepts, bodies of two
// lengths, one response too many. It wants a response of its own making to reach somebody else, over a connection that the gateway
// keeps. What is no response is 502 or breaks off, and whoever asks next gets the answer to their own question.
// SECURITY: F23, PX2, PX9, PX15 (RFC 9112 §2.2, §6.3, §11.1).
import { describe, expect, test } from "vitest";
import { startGateway } from "../support/gateway-process.ts";
import { type RawAnswer, rawRequest } from "../support/raw-http.ts";
import { type RecordedConnection, startRecordingUpstream } from "../support/recording-upstream.ts";
import { readVectors } from "../support/vectors.ts";

/** What is put behind a response, in the hope that it answers another request. */
const POISON = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

interface Hostile {
  readonly bytes: string;
  /** Whether the service closes the connection behind them. */
  readonly ends: boolean;
}

let hostile: Hostile = { bytes: "", ends: true };

const own = (path: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;

/** Answers each request of a connection in turn: `/hostile` as the case says, any other path with itself. */
const service = await startRecordingUpstream((connection) => void answerAll(connection));
async function answerAll(connection: RecordedConnection): Promise<void> {
  for (let answered = 0; !connection.closed; answered++) {
    const { received } = await connection.until(({ received, closed }) => closed || heads(received).length > answered);
    const path = heads(received)[answered];
    if (path === undefined) return;
    const { bytes, ends } = path === "/hostile" ? hostile : { bytes: own(path), ends: false };
    connection.socket.write(bytes, "latin1");
    if (ends) connection.socket.end();
  }
}
const heads = (received: string): string[] =>
  [...received.matchAll(/^[A-Z]+ (\S+) HTTP\/1\.1\r\n/gm)].map(([, path = ""]) => path);

const gateway = await startGateway({
  upstreams: { up: { targets: [service.url], responseTimeout: "200ms", idleTimeout: "200ms" } },
  routes: [{ path: "/*", upstream: "up", access: "public" }],
});

const ask = (path: string, method = "GET"): Promise<RawAnswer> =>
  rawRequest(gateway.url, `${method} ${path} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n`);

const bodyOf = ({ final }: RawAnswer): string => final.slice(final.indexOf("\r\n\r\n") + 4);

/** Whether a client can tell that a response is whole. */
function isWhole(answer: RawAnswer, method: string): boolean {
  const head = answer.final.slice(0, answer.final.indexOf("\r\n\r\n")).toLowerCase();
  if (method === "HEAD" || answer.status === 204 || answer.status === 304) return true;
  if (head.includes("\r\ntransfer-encoding: chunked")) return /(?:^|\r\n)0\r\n\r\n$/.test(bodyOf(answer));
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  return length !== undefined && bodyOf(answer).length === Number(length);
}

/** The connection that brought the last hostile response. */
const hostileConnection = (): RecordedConnection | undefined =>
  service.connections.findLast(({ received }) => heads(received).includes("/hostile"));

let asked = 0;

/**
 * The answer to a hostile response; and that the requests after it are answered with what was said to them, over another connection
 * unless the response was good and nothing came behind it (`reusable`).
 */
async function suffer(bytes: string, { ends = true, method = "GET", reusable = false } = {}): Promise<RawAnswer> {
  hostile = { bytes, ends };
  const answer = await ask("/hostile", method);
  const used = hostileConnection();
  for (let request = 0; request < 2; request++) {
    const path = `/own/${asked++}`;
    const after = await ask(path);
    expect([after.status, bodyOf(after)], "somebody else's request").toEqual([200, path]);
  }
  if (!reusable) expect(heads(used?.received ?? "").at(-1), "the connection's last request").toBe("/hostile");
  return answer;
}

const response = (...lines: string[]): string => lines.join("\r\n");

describe("what is no response: 502", () => {
  test.each<[string, string]>([
    ["another protocol", response("HTP/1.1 200 OK", "", "")],
    ["RTSP", response("RTSP/1.1 200 OK", "", "")],
    ["another major version", response("HTTP/5.6 200 OK", "", "")],
    ["HTTP/0.9", response("HTTP/0.9 200 OK", "", "")],
    ["HTTP/2's answer", response("HTTP/2.0 200 OK", "", "")],
    ["a version of two digits", response("HTTP/1.01 200 OK", "", "")],
    ["a tab behind the version", response("HTTP/1.1\t200 OK", "", "")],
    ["two spaces before the status", response("HTTP/1.1  200 OK", "", "")],
    ["a status of one digit", response("HTTP/1.1 2 OK", "", "")],
    ["a status of four digits", response("HTTP/1.1 2000 OK", "", "")],
    ["a status of 0", response("HTTP/1.1 000 OK", "", "")],
    ["a status that is no number", response("HTTP/1.1 2x0 OK", "", "")],
    ["a bare LF behind the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"],
    ["LF alone everywhere", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
    ["a bare CR behind the status line", "HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n"],
    ["a bare CR in a field", response("HTTP/1.1 200 OK", "X: 1\rSet-Cookie: a=b", "Content-Length: 0", "", "")],
    ["a NUL in a field", response("HTTP/1.1 200 OK", "X: 1\0", "Content-Length: 0", "", "")],
    ["a NUL in the phrase", response("HTTP/1.1 200 O\0K", "Content-Length: 0", "", "")],
    ["a folded field", response("HTTP/1.1 200 OK", "X: 1", " Set-Cookie: a=b", "Content-Length: 0", "", "")],
    ["a field that begins with white space", response("HTTP/1.1 200 OK", " Host: foo", "Content-Length: 0", "", "")],
    ["a space in a name", response("HTTP/1.1 200 OK", "en-US Content-Type: text/xml", "Content-Length: 0", "", "")],
    ["a space before the colon", response("HTTP/1.1 200 OK", "Content-Length : 5", "", POISON)],
    ["a field without a name", response("HTTP/1.1 200 OK", ": x", "Content-Length: 0", "", "")],
    ["a line without a colon", response("HTTP/1.1 200 OK", "X", "Content-Length: 0", "", "")],
    ["an empty line before it all", response("", "HTTP/1.1 200 OK", "Content-Length: 0", "", "")],
    ["nothing but lines", "\r\n\r\n\r\n"],
    ["two lengths", response("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: 40", "", `ab${POISON}`)],
    ["the same length twice", response("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: 2", "", "ab")],
    ["a list of lengths", response("HTTP/1.1 200 OK", "Content-Length: 2, 2", "", `ab${POISON}`)],
    ["a negative length", response("HTTP/1.1 200 OK", "Content-Length: -1", "", POISON)],
    ["a signed length", response("HTTP/1.1 200 OK", "Content-Length: +2", "", `ab${POISON}`)],
    ["a length in hexadecimal", response("HTTP/1.1 200 OK", "Content-Length: 0x2", "", `ab${POISON}`)],
    ["a length past every number", response("HTTP/1.1 200 OK", `Content-Length: ${"9".repeat(30)}`, "", "ab")],
    ["an empty length", response("HTTP/1.1 200 OK", "Content-Length:", "", POISON)],
    [
      "a length and chunks",
      response("HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked", "", `0\r\n\r\n${POISON}`),
    ],
    ["chunked before another coding", response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked, gzip", "", "World")],
    [
      "chunked, then identity",
      response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: identity", "", "World"),
    ],
    ["chunkedchunked", response("HTTP/1.1 200 OK", "Transfer-Encoding: chunkedchunked", "", "2\r\nOK\r\n0\r\n\r\n")],
    ["chunks in HTTP/1.0", response("HTTP/1.0 200 OK", "Transfer-Encoding: chunked", "", "2\r\nOK\r\n0\r\n\r\n")],
    [
      "a change of protocols that nobody asked for",
      response("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: h2c", "", POISON),
    ],
    ["a bad interim response", response("HTTP/1.1 103 Early Hints", "Link : </a>", "", POISON)],
    ["an interim response and no other", response("HTTP/1.1 103 Early Hints", "Link: </a>", "", "")],
  ])("%s", async (_what, bytes) => {
    for (const ends of [true, false]) {
      const answer = await suffer(bytes, { ends });
      expect(ends ? [502] : [502, 504]).toContain(answer.status);
      expect(answer.text).toContain("application/problem+json");
      expect(answer.text).not.toContain("poison");
    }
  });
});

describe("a body that is none: the client sees it break off", () => {
  const CHUNKED = response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "");
  test.each<[string, string]>([
    ["a size that is no number", `${CHUNKED}3\r\nabc\r\nZZ\r\n${POISON}`],
    ["a negative size", `${CHUNKED}3\r\nabc\r\n-1\r\n${POISON}`],
    ["a size with 0x", `${CHUNKED}3\r\nabc\r\n0x3\r\nabc\r\n0\r\n\r\n`],
    ["a size past every number", `${CHUNKED}3\r\nabc\r\n${"f".repeat(17)}\r\nabc`],
    ["spaces behind a size", `${CHUNKED}3\r\nabc\r\n3  \r\nabc\r\n0\r\n\r\n`],
    ["words behind a size", `${CHUNKED}3\r\nabc\r\n2 erfrferferf\r\naa\r\n0 rrrr\r\n\r\n`],
    ["an LF alone behind a size", `${CHUNKED}3\r\nabc\r\n3\nabc\r\n0\r\n\r\n`],
    ["an LF alone behind the data", `${CHUNKED}3\r\nabc\n3\r\nabc\r\n0\r\n\r\n`],
    ["more data than its size", `${CHUNKED}3\r\nabcdef\r\n0\r\n\r\n`],
    ["a bare CR in an extension", `${CHUNKED}3\r\nabc\r\n3;a\rb\r\nabc\r\n0\r\n\r\n`],
    ["an LF alone in an extension", `${CHUNKED}3\r\nabc\r\n3;a\nabc\r\n0\r\n\r\n`],
    ["an end without an end", `${CHUNKED}3\r\nabc\r\n0\r\n`],
    ["half of a chunk", `${CHUNKED}3\r\nabc\r\n64\r\nabc`],
    ["half of what was announced", response("HTTP/1.1 200 OK", "Content-Length: 100", "", "abc")],
  ])("%s", async (_what, bytes) => {
    for (const ends of [true, false]) {
      const answer = await suffer(bytes, { ends });
      // 0: it breaks off before its first byte.
      expect([0, 200, 502, 504]).toContain(answer.status);
      if (answer.status === 200) expect(isWhole(answer, "GET")).toBe(false);
      expect(answer.text).not.toContain("poison");
    }
  });
});

describe("one response too many: the first is the answer, the second nobody's", () => {
  const NOT_MODIFIED = response("HTTP/1.1 304 Not Modified", "Content-Length: 6", "", "");
  test.each<[string, number, string, string?]>([
    ["behind a body of known length", 200, `${response("HTTP/1.1 200 OK", "Content-Length: 2", "", "ok")}${POISON}`],
    [
      "behind chunks",
      200,
      `${response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "2\r\nok\r\n0\r\n\r\n")}${POISON}`,
    ],
    [
      "behind trailers",
      200,
      `${response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "2\r\nok\r\n0\r\nContent-Length: 99\r\n\r\n")}${POISON}`,
    ],
    ["behind an empty body", 200, `${response("HTTP/1.1 200 OK", "Content-Length: 0", "", "")}${POISON}`],
    ["behind 204", 204, `${response("HTTP/1.1 204 No Content", "", "")}${POISON}`],
    ["in the body that 204 may not have", 204, response("HTTP/1.1 204 No Content", "Content-Length: 44", "", POISON)],
    [
      "in the chunks that 204 may not have",
      204,
      response("HTTP/1.1 204 No Content", "Transfer-Encoding: chunked", "", POISON),
    ],
    ["behind 304", 304, `${NOT_MODIFIED}${POISON}`],
    ["in the body of an answer to HEAD", 200, response("HTTP/1.1 200 OK", "Content-Length: 44", "", POISON), "HEAD"],
    ["behind Connection: close", 200, `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok${POISON}`],
    ["behind lines that are empty", 200, `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n\r\n${POISON}`],
  ])("%s", async (_what, status, bytes, method = "GET") => {
    for (const ends of [true, false]) {
      const answer = await suffer(bytes, { ends, method });
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain("poison");
      expect(isWhole(answer, method)).toBe(true);
    }
  });

  test("on a connection that lies idle: it ends, and the next request goes over another", async () => {
    // Not the gateway's own time for idle connections: it would end by that too.
    const bytes = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=600\r\nContent-Length: 2\r\n\r\nok";
    hostile = { bytes, ends: false };
    expect((await ask("/hostile")).status).toBe(200);
    const used = hostileConnection();
    expect(used?.closed).toBe(false);
    used?.socket.write(POISON);
    await used?.until(({ closed }) => closed);
    expect(bodyOf(await ask("/own/next"))).toBe("/own/next");
  });
});

interface ResponseVector {
  readonly title: string;
  readonly raw_b64: string;
  /** What a strict parser says of it; null where it takes it. */
  readonly expect_error: string | null;
}

/** Responses that are whole before what makes a parser of many of them stop. */
const WHOLE_BEFORE = /^(?:Data after|Pause on)/;

test("the response cases of llhttp: what must be refused is, and nothing reaches anybody else", async () => {
  const text = readVectors("llhttp/responses.json");
  if (text === null) return;
  const vectors: readonly ResponseVector[] = JSON.parse(text);
  for (const { title, raw_b64, expect_error } of vectors) {
    const bytes = Buffer.from(raw_b64, "base64").toString("latin1");
    for (const ends of [true, false]) {
      const answer = await suffer(bytes, { ends, reusable: true });
      const refused = answer.status === 502 || answer.status === 504 || !isWhole(answer, "GET");
      if (expect_error !== null && !WHOLE_BEFORE.test(expect_error)) expect(refused, title).toBe(true);
      if (!refused) expect(answer.status, title).toBe(Number(/HTTP\/1\.[01] ([2-5]\d\d)/.exec(bytes)?.[1]));
    }
  }
});
