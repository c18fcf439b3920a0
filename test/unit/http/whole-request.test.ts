import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseBody, readBytes } from "../../../src/http/body.ts";
import { headerOf, WholeRequest } from "../../../src/http/whole-request.ts";

const origin = "https://app.example.com";
const utf8 = new TextEncoder();

const request = (init: { target?: string; method?: string; headers?: string[]; text?: string | null } = {}) => {
  const { target = "/auth/refresh", method = "POST", headers = [], text = null } = init;
  return new WholeRequest({ method, origin, target, headers, content: text === null ? null : utf8.encode(text) });
};

test("property: the URL is the one that the platform makes of the same target", () => {
  const target = fc
    .array(
      fc.constantFrom(
        "/",
        "a",
        "Z9",
        ".",
        "..",
        "%2e",
        "%",
        "?",
        "=",
        "&",
        "~",
        "_",
        "-",
        "\\",
        "|",
        "'",
        '"',
        "é",
        ":",
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => `/${parts.join("")}`);
  fc.assert(
    fc.property(target, (given) => {
      expect(request({ target: given }).url).toBe(new Request(origin + given).url);
    }),
    { numRuns: 1000 },
  );
});

test("headers by name, those that came twice joined, as the platform does", () => {
  const given = request({ headers: ["Content-Type", "application/json", "X-A", "1", "x-a", "2"] });
  const { web } = given;
  for (const name of ["content-type", "x-a", "x-b"]) {
    expect(headerOf(given, name)).toBe(web.headers.get(name));
    expect(headerOf(web, name)).toBe(web.headers.get(name));
  }
});

test("a body is read within its bound, and is the platform's too", async () => {
  const given = () => request({ headers: ["Content-Type", "application/json"], text: '{"a":1}' });
  expect(await readBytes(given(), 6)).toBeNull();
  expect(await readBytes(given(), 7)).toEqual(utf8.encode('{"a":1}'));
  expect(await readBytes(request(), 0)).toEqual(new Uint8Array());
  expect(await parseBody(given(), z.object({ a: z.number() }), { maxBytes: 7 })).toMatchObject({
    ok: true,
    value: { a: 1 },
  });
  expect(await given().json()).toEqual({ a: 1 });
  expect(await given().clone().text()).toBe('{"a":1}');
  expect([given().method, given().body === null, request({ method: "GET" }).body]).toEqual(["POST", false, null]);
});

test("who has gone is told by the signal, whether it was asked for before or after", () => {
  const [before, after] = [request(), request()];
  const { signal } = before;
  expect(signal.aborted).toBe(false);
  before.abandon();
  after.abandon();
  expect([signal.aborted, before.signal === signal, after.signal.aborted]).toEqual([true, true, true]);
});
