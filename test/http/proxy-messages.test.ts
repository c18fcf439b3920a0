// RFC 9110 and 9112 from one end to the other: what is in a message besides its method, target and body.
import { describe, expect, test } from "vitest";
import { allHeaders } from "../../src/lib/header-list.ts";
import { rawRequest } from "../support/raw-http.ts";
import { OK } from "../support/recording-upstream.ts";
import { startProxied } from "./proxied.ts";

const gateway = await startProxied((up) => ({
  upstreams: { up: { targets: [up] } },
  routes: [
    { path: "/*", upstream: "up", access: "public" },
    { path: "/private/*", upstream: "up", access: "required" },
  ],
}));

const message = (...lines: string[]): string => lines.join("\r\n");

/** Asks, and is answered `answer` by the upstream. */
async function ask(lines: readonly string[], answer = OK) {
  const scene = gateway.scene(({ socket }) => void socket.end(answer, "latin1"));
  const { text } = await rawRequest(gateway.url, message(...lines));
  return { text, sent: scene.heads()[0], received: scene.connections[0]?.received ?? "" };
}

const pairs = (lines: readonly string[]): [string, string][] =>
  lines.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, lines[at + 1] ?? ""]] : []));
const get = (path: string, ...fields: string[]) => [
  `GET ${path} HTTP/1.1`,
  ...["Host: a", "Connection: close", ...fields, "", ""],
];

describe("interim responses (RFC 9110 §15.2)", () => {
  const HINTS = message(
    "HTTP/1.1 103 Early Hints",
    "Link: </a.css>; rel=preload",
    "Link: </b.css>",
    "Connection: X-Hop",
    "X-Hop: 1",
    "Set-Cookie: __Host-Http-postern=evil",
    "Content-Length: 5",
    "",
    "",
  );

  test("arrive before the response, without what belongs to one connection or sets cookies", async () => {
    const { text } = await ask(get("/"), `${HINTS}HTTP/1.1 102 Processing\r\n\r\n${OK}`);
    const [hints, processing, final] = text.split("\r\n\r\n");
    expect(hints).toBe(message("HTTP/1.1 103 Early Hints", "Link: </a.css>; rel=preload", "Link: </b.css>"));
    expect(processing).toBe("HTTP/1.1 102 Processing");
    expect(final).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text.endsWith("\r\n\r\nok")).toBe(true);
  });

  test("never go to HTTP/1.0", async () => {
    const { text } = await ask(["GET / HTTP/1.0", "Host: a", "", ""], `${HINTS}${OK}`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).not.toContain("Link");
  });

  test("100 that nobody waits for is kept back", async () => {
    const { text } = await ask(get("/"), `HTTP/1.1 100 Continue\r\n\r\n${OK}`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test("of a second request wait for the answer to the first", async () => {
    gateway.scene(({ socket }) => void socket.end(`${HINTS}${OK}`));
    const both = ["GET /1 HTTP/1.1", "Host: a", "", ...get("/2")];
    const { text } = await rawRequest(gateway.url, message(...both));
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
    expect(statuses.filter((status) => status === "200")).toHaveLength(2);
    expect(statuses.at(-1)).toBe("200");
  });
});

describe("trailers (RFC 9110 §6.5.1)", () => {
  const chunked = (path: string, trailer: string) => [
    `POST ${path} HTTP/1.1`,
    ...["Host: a", "Connection: close", "Transfer-Encoding: chunked", "Trailer: Authorization", ""],
    ...["2", "hi", "0", trailer, "", ""],
  ];

  test("are no credential", async () => {
    const { text, sent } = await ask(chunked("/private/x", gateway.bearer));
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(sent).toBeUndefined();
  });

  test("do not reach the service, nor does their announcement", async () => {
    const { text, received } = await ask(chunked("/x", "X-Auth-User: root"));
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(received).toMatch(/\r\n\r\n2\r\nhi\r\n0\r\n\r\n$/);
    expect(received).not.toMatch(/trailer|root/i);
  });
});

describe("fields that are the two ends' own", () => {
  test("requests: conditions, ranges, codings and repeated lines as they came", async () => {
    const fields = [
      'If-None-Match: W/"a", "b"',
      "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
      "Range: bytes=0-1,5-",
      'If-Range: "b"',
      "Accept-Encoding: br;q=0.5, gzip",
      "Cache-Control: no-transform",
      "Referer: https://app.example.com/a",
      "X-Two: 1",
      "x-two: 2",
      "Authorization: Basic eDp5",
    ];
    const { sent } = await ask(get("/", ...fields));
    const lines = (sent?.headers ?? []).flatMap((part, at, all) => (at % 2 === 0 ? [`${part}: ${all[at + 1]}`] : []));
    expect(lines.filter((line) => fields.includes(line))).toEqual(fields);
  });

  test("responses: parts, codings and challenges as they came", async () => {
    const fields = [
      "Content-Range: bytes 0-1/5",
      "Content-Encoding: br",
      "Cache-Control: no-transform",
      "Vary: Accept-Encoding",
      'WWW-Authenticate: Basic realm="a"',
      "WWW-Authenticate: Digest nonce=x",
      "Allow: GET",
      'ETag: W/"a"',
    ];
    const answer = message("HTTP/1.1 206 Partial Content", ...fields, "Content-Length: 2", "", "\u001f\u008b");
    const { text } = await ask(get("/"), answer);
    const lines = text.split("\r\n");
    expect(lines.filter((line) => fields.includes(line))).toEqual(fields);
    expect(text.endsWith("\r\n\r\n\u001f\u008b")).toBe(true);
  });

  test("values arrive, whatever becomes of lines and of the case of names", async () => {
    const fields = ["Range: bytes=0-1,5-", 'If-Range: "b"', "X-Two: 1", "x-two: 2", "Authorization: Basic eDp5"];
    const content = ["Content-Range: bytes 0-1/5", "Content-Encoding: br", "Vary: Cookie", "Vary: Accept-Encoding"];
    const answer = message("HTTP/1.1 206 Partial Content", ...content, "Content-Length: 2", "", "\u001f\u008b");
    const { sent, text } = await ask(get("/", ...fields), answer);
    expect(Object.fromEntries(new Headers(pairs(sent?.headers ?? [])))).toMatchObject({
      ...{ range: "bytes=0-1,5-", "if-range": '"b"', "x-two": "1, 2", authorization: "Basic eDp5" },
    });
    const [head = "", body] = text.split("\r\n\r\n");
    const received = head
      .split("\r\n")
      .slice(1)
      .flatMap((line) => line.split(/: (.*)/).slice(0, 2));
    expect(Object.fromEntries(new Headers(pairs(received)))).toMatchObject({
      ...{ "content-range": "bytes 0-1/5", "content-encoding": "br", vary: "Cookie, Accept-Encoding" },
      "content-length": "2",
    });
    expect(body).toBe("\u001f\u008b");
  });

  test("HEAD has the fields of GET and no body, whatever they say about one", async () => {
    const head = get("/").with(0, "HEAD / HTTP/1.1");
    for (const framing of ["Content-Length: 5", "Transfer-Encoding: chunked"]) {
      const { text } = await ask(head, message("HTTP/1.1 200 OK", framing, "X: 1", "", ""));
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).toMatch(/\r\nx: 1\r\n/i);
      expect(text.endsWith("\r\n\r\n")).toBe(true);
    }
  });

  test("a response without Date gets one, and one that has it keeps it (RFC 9110 §6.6.1)", async () => {
    const DATE = "Date: Sat, 01 Jan 2000 00:00:00 GMT";
    const dates = (text: string) => text.split("\r\n").filter((line) => line.startsWith("Date: "));
    expect(dates((await ask(get("/"))).text)).toHaveLength(1);
    const dated = message("HTTP/1.1 200 OK", DATE, "Content-Length: 0", "", "");
    expect(dates((await ask(get("/"), dated)).text)).toEqual([DATE]);
  });
});

describe("Via (RFC 9110 §7.6.3)", () => {
  test("names who was passed, in order, with the version that each was spoken to in", async () => {
    const { sent } = await ask(["GET / HTTP/1.0", "Host: a", "Via: 1.1 one, 1.0 two", "Via: 1.1 three", "", ""]);
    const via = allHeaders(sent?.headers ?? [], "via");
    expect(via.slice(0, 2)).toEqual(["1.1 one, 1.0 two", "1.1 three"]);
    expect(via[2]).toMatch(/^1\.0 postern-[0-9a-f]{12}$/);
    expect(via).toHaveLength(3);
  });
});

describe("what shared caches may keep (RFC 9111 §5.2.2.7)", () => {
  const cacheControl = async (path: string, ...fields: string[]) => {
    const answer = message("HTTP/1.1 200 OK", ...fields, "Content-Length: 0", "", "");
    const { text } = await ask(get(path, gateway.bearer), answer);
    return text.split("\r\n").filter((line) => /^(?:cache-control|vary):/i.test(line));
  };

  test("nothing that was made for somebody, unless the service says so", async () => {
    expect(await cacheControl("/private/x")).toEqual(["Cache-Control: private"]);
    expect(await cacheControl("/private/x", "Cache-Control: public, max-age=60", "Vary: Cookie")).toEqual([
      "Cache-Control: public, max-age=60",
      "Vary: Cookie",
    ]);
    expect(await cacheControl("/x")).toEqual([]);
  });
});
