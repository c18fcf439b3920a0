// A compromised service answers with Set-Cookie under the gateway's names: to log people in as the attacker, to overwrite their
// refresh token with a value that it knows, or to log them out. Also by Clear-Site-Data. None of it reaches the browser; the
// service's own cookies do, each on a line of its own.
// SECURITY: CK7, CK8 (RFC 6265bis, ASVS 3.3.3, RFC 9110 §5.3).
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { attackedProcess, ROUTES } from "./attacked-process.ts";

let lines: readonly string[] = [];
const evil = await startRecordingUpstream(({ socket }) => {
  const head = ["HTTP/1.1 200 OK", "Content-Length: 2", "Connection: close", ...lines, "", "ok"];
  socket.end(head.join("\r\n"));
});
const subject = await attackedProcess({ routes: ROUTES, upstreams: { up: { targets: [evil.url] } } });
const alice = await subject.loggedIn();

/** The answer's lines that begin with `name`, as they are on the wire. */
async function answered(name: string, ...upstreamLines: string[]): Promise<string[]> {
  lines = upstreamLines;
  const head = ["GET /public/ HTTP/1.1", "Host: shop", "Connection: close", "", ""].join("\r\n");
  const { text } = await rawRequest(subject.gateway.url, head);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  return text.split("\r\n").filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
}

test.each([
  "__Host-Http-postern=evil; Path=/; Secure; HttpOnly",
  "__Host-Http-postern=; Max-Age=0; Path=/; Secure; HttpOnly",
  "__Host-Http-postern-access=evil; Path=/; Secure; HttpOnly",
  "__HOST-HTTP-POSTERN=evil; Path=/",
  "__host-http-postern-ACCESS=evil",
  "  __Host-Http-postern =evil",
  "\t__Host-Http-postern\t=evil",
  "__Host-Http-postern",
  "=__Host-Http-postern=evil",
  "= __Host-Http-postern-access=evil",
  "==__Host-Http-postern=evil",
])("Set-Cookie: %s is dropped", async (line) => {
  expect(await answered("Set-Cookie", `Set-Cookie: ${line}`, `set-cookie: ${line}`)).toEqual([]);
});

test("its own cookies stay, in order and apart", async () => {
  const own = ["a=1; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT", "b=__Host-Http-postern", "a=2", "postern=x"];
  const sent = own.map((line) => `Set-Cookie: ${line}`);
  const evilLine = "Set-Cookie: __Host-Http-postern=evil; Path=/; Secure";
  expect(await answered("Set-Cookie", evilLine, ...sent, evilLine)).toEqual(sent);
});

test.each([
  ['"cookies"', null],
  ['"*"', '"cache", "storage", "executionContexts"'],
  ['"cache", "cookies"', '"cache"'],
  ['"storage"', '"storage"'],
])("Clear-Site-Data: %s leaves cookies alone", async (value, left) => {
  const expected = left === null ? [] : [left];
  const found = await answered("Clear-Site-Data", `Clear-Site-Data: ${value}`);
  expect(found.map((line) => line.slice("Clear-Site-Data: ".length))).toEqual(expected);
});

test("a browser that has seen all this is still Alice's", async () => {
  lines = ["Set-Cookie: __Host-Http-postern=evil; Path=/; Secure; HttpOnly", "Set-Cookie: theme=dark"];
  for (const path of ["/public/", "/account/"]) {
    expect((await alice.fetch(path)).setCookies).toEqual(["theme=dark"]);
  }
  expect((await alice.api("/api/orders")).setCookies).toEqual(["theme=dark"]);
  expect((await alice.refresh()).status).toBe(200);
});
