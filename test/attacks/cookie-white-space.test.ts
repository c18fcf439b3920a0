// A browser lets no sibling domain set a cookie whose name begins with `__Host-`. But a name that begins with a space that only
// Unicode knows does not begin with `__Host-`: any sibling may set it, for the whole domain. A server that takes such spaces for
// padding then reads the attacker's cookie under its own name, and the victim works in the attacker's session.
// SECURITY: CK5 (RFC 6265bis §4.1.3, "Cookie Name Prefixes").
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess, ROUTES } from "./attacked-process.ts";
import { REFRESH_COOKIE } from "./shown-token.ts";

const ACCESS_COOKIE = `${REFRESH_COOKIE}-access`;
const subject = await attackedProcess({ routes: ROUTES });
const attacker = await subject.loggedIn();
const refresh = attacker.cookies.get(REFRESH_COOKIE) ?? "";
const access = attacker.cookies.get(ACCESS_COOKIE) ?? "";

/** Bytes as they travel; a browser that is given text sends the UTF-8 of it. */
const SPACES = {
  "a no-break space as one byte": "\xa0",
  "a no-break space in UTF-8": "\xc2\xa0",
  "an en quad in UTF-8": "\xe2\x80\x80",
  "a byte order mark in UTF-8": "\xef\xbb\xbf",
  "a next-line control as one byte": "\x85",
};

async function send(line: string, cookie: string): Promise<{ status: number; text: string }> {
  const head = [line, "Host: shop", "Connection: close", "Sec-Fetch-Site: same-origin", `Cookie: ${cookie}`];
  return rawRequest(subject.gateway.url, [...head, "Content-Length: 0", "", ""].join("\r\n"));
}

test.each(Object.entries(SPACES))("%s before or behind the name makes it another cookie", async (_, space) => {
  for (const [before, behind] of [
    [space, ""],
    ["", space],
    [`a=1; ${space}`, ""],
  ]) {
    const asRefresh = await send("POST /auth/refresh HTTP/1.1", `${before}${REFRESH_COOKIE}${behind}=${refresh}`);
    expect([asRefresh.status, asRefresh.text]).toEqual([401, expect.stringContaining('"unauthenticated"')]);
    const asAccess = await send("GET /account/ HTTP/1.1", `${before}${ACCESS_COOKIE}${behind}=${access}`);
    expect([asAccess.status, asAccess.text]).toEqual([401, expect.stringContaining('"unauthenticated"')]);
  }
});

test("planted beside the real one it neither counts nor gets in its way", async () => {
  const { status } = await send("GET /account/ HTTP/1.1", `\xa0${ACCESS_COOKIE}=evil; ${ACCESS_COOKIE}=${access}`);
  expect(status).toBe(200);
});

test("spaces and tabs, which browsers drop as well, are padding", async () => {
  const { status } = await send("GET /account/ HTTP/1.1", `a=1;\t ${ACCESS_COOKIE}\t= ${access} ;b=2`);
  expect(status).toBe(200);
});
