// A service behind the gateway is compromised, or only logs too much. `__Host-` cookies ride on every request, so that without
// care it would see the refresh token of everybody who asks it for a page. It sees none of Postern's cookies, and the
// application's own ones byte for byte.
// SECURITY: CK6 (RFC 9700 §4.9, ASVS 10.1.1).
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess, ROUTES } from "./attacked-process.ts";
import { cookieOf, REFRESH_COOKIE } from "./shown-token.ts";

const subject = await attackedProcess({ routes: ROUTES });
const browser = await subject.loggedIn();
const ACCESS_COOKIE = `${REFRESH_COOKIE}-access`;
const refresh = `${REFRESH_COOKIE}=${cookieOf(browser)}`;
const access = `${ACCESS_COOKIE}=${browser.cookies.get(ACCESS_COOKIE)}`;
const bearer = `Authorization: Bearer ${browser.accessToken}`;

/** What the upstream sees of `Cookie`, all lines in order. */
async function seen(path: string, ...lines: string[]): Promise<string[]> {
  const before = subject.upstream.requests.length;
  const head = [`GET ${path} HTTP/1.1`, "Host: shop", "Connection: close", ...lines, "", ""];
  const { status, text } = await rawRequest(subject.gateway.url, head.join("\r\n"));
  expect([status, text]).toEqual([200, expect.any(String)]);
  const [request] = subject.upstream.requests.slice(before);
  const { rawHeaders = [] } = request ?? {};
  for (const secret of [cookieOf(browser), browser.accessToken ?? "-"]) {
    expect(rawHeaders.join("\n")).not.toContain(secret);
  }
  return rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === "cookie" && at % 2 === 1);
}

const ODD = 'a="x y"; b==; c; d=%2c; e=;  f=1';

test.each([
  ["alone", [`Cookie: ${refresh}`], []],
  ["both", [`Cookie: ${refresh}; ${access}`], []],
  ["first", [`Cookie: ${refresh}; theme=dark`], ["theme=dark"]],
  ["last", [`Cookie: theme=dark; ${refresh}`], ["theme=dark"]],
  ["in the middle", [`Cookie: a=1; ${refresh}; ${access}; b=2`], ["a=1; b=2"]],
  ["without spaces", [`cookie: a=1;${refresh};b=2`], ["a=1;b=2"]],
  ["with odd spaces", [`COOKIE: a=1;\t${refresh.replace("=", " = ")} ; b=2`], ["a=1; b=2"]],
  ["on lines of their own", [`Cookie: a=1`, `Cookie: ${refresh}`, `Cookie: b=2`], ["a=1", "b=2"]],
  ["beside odd ones", [`Cookie: ${ODD}; ${refresh}`], [ODD]],
  ["no cookie of ours", [`Cookie: ${ODD}`], [ODD]],
] as const)("%s", async (_, lines, expected) => {
  // One line that holds all is as good (RFC 9113 §8.2.3).
  expect((await seen("/public/page", ...lines)).join("; ")).toBe(expected.join("; "));
  expect((await seen("/api/orders", bearer, ...lines)).join("; ")).toBe(expected.join("; "));
});

test("in session mode too, where they are what authenticates", async () => {
  expect(await seen("/account/", `Cookie: a=1; ${access}; ${refresh}; b=2`)).toEqual(["a=1; b=2"]);
  // Only the refresh cookie: a new access cookie is made on the way, and not shown either.
  expect(await seen("/account/", "Sec-Fetch-Site: same-origin", `Cookie: ${refresh}; b=2`)).toEqual(["b=2"]);
});
