// A sibling domain, or a script on a page served over plain HTTP, plants a second cookie under a name that looks like, or is,
// the refresh cookie's, hoping that the gateway takes the attacker's one. A name in another case is another cookie; two of the
// same name are refused, whichever comes first, and on however many lines.
// SECURITY: CK5 (RFC 6265bis "Cookie Name Prefixes").
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, REFRESH_COOKIE, told } from "./shown-token.ts";

const subject = await attackedGateway({
  routes: [
    { path: "/api/*", upstream: "orders", access: "required" },
    { path: "/account/*", upstream: "orders", access: "required", credentials: "session" },
  ],
});
const ACCESS_COOKIE = `${REFRESH_COOKIE}-access`;

const { browser } = await loggedIn(subject);
const real = cookieOf(browser);
const access = browser.cookies.get(ACCESS_COOKIE) ?? "";

const send = (path: string, method: string, cookie: string) =>
  subject.browser().fetch(path, { method, headers: { cookie } });

test.each([
  "__HOST-HTTP-POSTERN",
  "__host-http-postern",
  "__Host-Http-Postern",
  "__Host-postern",
  "postern",
  "__Host-Http-postern2",
  "$__Host-Http-postern",
])("%s is another cookie", async (name) => {
  expect(told(await send("/auth/refresh", "POST", `${name}=${real}`))).toEqual([401, "unauthenticated"]);
});

test.each([
  ["the planted one last", `${REFRESH_COOKIE}=${real}; ${REFRESH_COOKIE}=evil`],
  ["the planted one first", `${REFRESH_COOKIE}=evil; ${REFRESH_COOKIE}=${real}`],
  ["both the same", `${REFRESH_COOKIE}=${real}; ${REFRESH_COOKIE}=${real}`],
  ["an empty one", `${REFRESH_COOKIE}=; ${REFRESH_COOKIE}=${real}`],
  ["without spaces", `${REFRESH_COOKIE}=${real};${REFRESH_COOKIE}=evil`],
  ["with others between", `a=1; ${REFRESH_COOKIE}=evil; b=2; ${REFRESH_COOKIE} =${real}`],
])("two refresh cookies are refused: %s", async (_, cookie) => {
  for (const path of ["/auth/refresh", "/auth/logout"]) {
    const answer = await send(path, "POST", cookie);
    expect(told(answer)).toEqual([400, "validation"]);
    expect(answer.setCookies).toEqual([]);
    expect(answer.text).not.toContain(real);
  }
});

test("two access cookies are refused on pages, and nobody by the endpoints", async () => {
  const cookie = `${ACCESS_COOKIE}=evil; ${ACCESS_COOKIE}=${access}`;
  expect(told(await send("/account/", "GET", cookie))).toEqual([400, "validation"]);
  expect(told(await send("/auth/me", "GET", cookie))).toEqual([401, "unauthenticated"]);
});

test("the session has gone through all this untouched", async () => {
  expect((await send("/account/", "GET", `${ACCESS_COOKIE}=${access}`)).status).toBe(200);
  expect((await browser.refresh()).status).toBe(200);
});
