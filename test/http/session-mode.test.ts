import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AttackedGateway, attackedGateway } from "../attacks/attacked-gateway.ts";
import { attackedProcess, ROUTES } from "../attacks/attacked-process.ts";
import { told } from "../attacks/shown-token.ts";
import type { Browser } from "../support/http-client.ts";
import { ALICE, BOB } from "../support/people.ts";

const REFRESH = "__Host-Http-postern";
const ACCESS = "__Host-Http-postern-access";
/** How a browser asks for a page, by a link on another site. */
const PAGE = {
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
  "sec-fetch-site": "cross-site",
  accept: "text/html",
};
const TTL = 5 * 60_000;

const names = (cookies: readonly string[]): string[] => cookies.map((line) => line.replace(/=.*$/s, "")).toSorted();
/** The same browser once it has dropped the access cookie. */
function onlyRefresh(browser: Browser): Browser {
  const twin = browser.copy();
  twin.cookies.delete(ACCESS);
  return twin;
}
const page = (browser: Browser, path: string) => browser.fetch(path, { headers: PAGE });

let shop: AttackedGateway;

beforeAll(async () => {
  shop = await attackedGateway({
    login: { page: "/public/login?theme=dark" },
    routes: [
      ...ROUTES.map((route) => ({ ...route, upstream: "orders" })),
      { path: "/maybe/*", upstream: "orders", access: "optional", credentials: "session" },
      { path: "/refunds/*", upstream: "orders", access: { scopes: ["orders:write"] }, credentials: "session" },
    ],
  });
  await shop.addUser(BOB);
});

beforeEach(() => {
  shop.upstream.requests.length = 0;
});

/** Logs in as the login page's form does. */
async function logIn(browser: Browser, return_to?: string) {
  const form = { username: ALICE.name, password: ALICE.password, ...(return_to === undefined ? {} : { return_to }) };
  const answer = await browser.fetch("/auth/login", { form });
  expect(answer.status).toBe(303);
  return answer;
}

describe("from a page without a session to the page", () => {
  test("login page with the way back, form, the page again: the service sees only the last", async () => {
    const browser = shop.browser();
    const first = await page(browser, "/account/orders?id=7&x=%2Fa");
    expect(first.status).toBe(303);
    expect(first.headers["cache-control"]).toBe("no-store");
    const login = new URL(first.headers.location ?? "", shop.url);
    expect([login.pathname, login.searchParams.get("theme")]).toEqual(["/public/login", "dark"]);
    const back = login.searchParams.get("return_to") ?? "";
    expect(back).toBe("/account/orders?id=7&x=%2Fa");
    expect(shop.upstream.requests).toEqual([]);

    const answer = await logIn(browser, back);
    expect(answer.headers.location).toBe(back);
    expect(names(answer.setCookies)).toEqual([REFRESH, ACCESS]);
    for (const cookie of answer.setCookies) expect(cookie).toMatch(/; SameSite=Lax$/);
    expect(answer.text).toBe("");

    expect((await page(browser, back)).status).toBe(200);
    expect(shop.upstream.requests).toMatchObject([{ url: back, headers: { "x-auth-user": shop.alice } }]);
    expect(shop.upstream.requests[0]?.headers.cookie).toBeUndefined();
  });

  test("a script's request, a form and an asset get 401 and no redirect", async () => {
    const browser = shop.browser();
    for (const call of [{}, { method: "POST", form: {} }, { headers: { "sec-fetch-mode": "no-cors" } }]) {
      const answer = await browser.fetch("/account/x", call);
      expect(told(answer)).toEqual([401, "unauthenticated"]);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(told(await browser.fetch("/account/x", { method: "POST", headers: PAGE }))).toEqual([
      401,
      "unauthenticated",
    ]);
    expect(shop.upstream.requests).toEqual([]);
  });

  test("a browser without Fetch Metadata is told by what it accepts", async () => {
    const silent = { "sec-fetch-site": "", "sec-fetch-mode": "", "sec-fetch-dest": "" };
    const browser = shop.browser(silent);
    expect((await browser.fetch("/account/", { headers: { accept: "text/html,*/*;q=0.8" } })).status).toBe(303);
    expect((await browser.fetch("/account/", { headers: { accept: "application/json" } })).status).toBe(401);
  });

  test("on an optional route nobody is somebody without a name", async () => {
    expect((await page(shop.browser(), "/maybe/")).status).toBe(200);
    expect(shop.upstream.requests[0]?.headers["x-auth-user"]).toBeUndefined();
    const browser = shop.browser();
    await logIn(browser);
    await page(browser, "/maybe/");
    expect(shop.upstream.requests[1]?.headers["x-auth-user"]).toBe(shop.alice);
  });

  test("what a new login cannot change is 403, and no way to the login page", async () => {
    const browser = shop.browser();
    await logIn(browser);
    expect(told(await page(browser, "/refunds/1"))).toEqual([403, "insufficient_scope"]);
  });
});

describe("when the access cookie has run out", () => {
  /** A browser whose access cookie the browser has dropped at its end, or still shows. */
  async function runOut(shown: "dropped" | "shown" = "dropped"): Promise<Browser> {
    const browser = shop.browser();
    await logIn(browser);
    await shop.advance(TTL);
    if (shown === "dropped") browser.cookies.delete(ACCESS);
    return browser;
  }

  test.each(["dropped", "shown"] as const)("a page load goes to itself with both renewed (%s)", async (shown) => {
    const browser = await runOut(shown);
    const before = new Map(browser.cookies);
    const answer = await page(browser, "/account/a;b?c=%2Fd&&e");
    expect([answer.status, answer.headers.location]).toEqual([303, "/account/a;b?c=%2Fd&&e"]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(names(answer.setCookies)).toEqual([REFRESH, ACCESS]);
    expect(browser.cookies.get(REFRESH)).not.toBe(before.get(REFRESH));
    expect(shop.upstream.requests).toEqual([]);
    expect((await page(browser, answer.headers.location ?? "")).status).toBe(200);
    expect(shop.upstream.requests).toHaveLength(1);
  });

  test("a form is served without rotating, and brings a new access cookie alone", async () => {
    const browser = await runOut();
    const before = browser.cookies.get(REFRESH);
    const answer = await browser.fetch("/account/save", { form: { theme: "dark" } });
    expect(answer.status).toBe(200);
    expect(names(answer.setCookies)).toEqual([ACCESS]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(browser.cookies.get(REFRESH)).toBe(before);
    expect(shop.upstream.requests).toMatchObject([{ method: "POST", body: "theme=dark" }]);
    expect(shop.upstream.requests[0]?.headers.cookie).toBeUndefined();
    expect((await browser.fetch("/account/save", { form: {} })).setCookies).toEqual([]);
  });

  test("a script's GET likewise, and ten at once are no theft", async () => {
    const browser = await runOut();
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.copy().fetch("/account/data")));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(names(answer.setCookies)).toEqual([ACCESS]);
    }
    expect((await browser.refresh()).status).toBe(200);
  });

  test("a form from another site is refused before anything is renewed", async () => {
    const browser = await runOut();
    const evil = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    const answer = await browser.fetch("/account/save", { form: {}, headers: evil });
    expect(told(answer)).toEqual([403, "csrf"]);
    expect(answer.setCookies).toEqual([]);
    expect(shop.upstream.requests).toEqual([]);
  });

  test("two page loads at once end on the same pair of cookies", async () => {
    const browser = await runOut();
    const answers = await Promise.all([page(browser.copy(), "/account/a"), page(browser.copy(), "/account/b")]);
    const tokens = answers.map(
      ({ setCookies }) => setCookies.find((line) => line.startsWith(`${REFRESH}=`))?.split(";")[0],
    );
    expect(tokens[0]).toBe(tokens[1]);
    expect((await page(browser, "/account/")).status).toBe(303);
  });
});

describe("when the session has ended", () => {
  test("by a logout elsewhere: a page load goes to the login page, a script gets 401, and no cookie is cleared", async () => {
    const browser = shop.browser();
    await logIn(browser);
    const left = browser.copy();
    expect((await browser.fetch("/auth/logout", { form: { return_to: "/public/bye" } })).headers.location).toBe(
      "/public/bye",
    );
    expect(browser.cookies.size).toBe(0);
    for (const shown of [left, onlyRefresh(left)]) {
      const answer = await page(shown, "/account/");
      expect(answer.headers.location).toMatch(/^\/public\/login\?/);
      expect(answer.setCookies).toEqual([]);
      expect((await shown.fetch("/account/")).status).toBe(401);
      expect((await shown.fetch("/account/", { method: "POST" })).status).toBe(401);
    }
    expect(shop.upstream.requests).toEqual([]);
  });

  test("by an operator: the access cookie is refused at once", async () => {
    const browser = shop.browser();
    await logIn(browser);
    expect((await browser.fetch("/account/")).status).toBe(200);
    await shop.admin("/revocations", { json: { target: { user: ALICE.name } } });
    expect((await browser.fetch("/account/")).status).toBe(401);
    expect((await page(browser, "/account/")).headers.location).toMatch(/^\/public\/login\?/);
  });
});

describe("no session but one's own", () => {
  test("a login makes a session of its own, whatever cookies were there before", async () => {
    const attacker = shop.browser();
    await attacker.login(BOB.name, BOB.password);
    const victim = attacker.copy();
    await logIn(victim);
    for (const name of [REFRESH, ACCESS]) expect(victim.cookies.get(name)).not.toBe(attacker.cookies.get(name));
    await victim.fetch("/account/");
    expect(shop.upstream.requests[0]?.headers["x-auth-user"]).toBe(shop.alice);
    // The planted session ended with the login that replaced it.
    expect((await attacker.fetch("/account/")).status).toBe(401);
  });

  test("a cookie and a token at once are refused", async () => {
    const browser = shop.browser();
    await browser.login(ALICE.name, ALICE.password);
    expect(told(await browser.api("/account/"))).toEqual([401, "token_invalid"]);
  });

  test("a token alone opens no session route, a cookie alone no bearer route", async () => {
    const browser = shop.browser();
    await browser.login(ALICE.name, ALICE.password);
    expect((await browser.fetch("/api/orders")).status).toBe(401);
    const native = shop.browser();
    native.accessToken = browser.accessToken;
    expect((await native.api("/account/")).status).toBe(401);
  });

  test("tokens in each other's cookie are none", async () => {
    const browser = shop.browser();
    await logIn(browser);
    const swapped = shop.browser();
    swapped.cookies.set(REFRESH, browser.cookies.get(ACCESS) ?? "").set(ACCESS, browser.cookies.get(REFRESH) ?? "");
    expect((await swapped.fetch("/account/")).status).toBe(401);
  });
});

test("the endpoints take the access cookie where the site has sessions, with the same defence against forgery", async () => {
  const browser = shop.browser();
  await logIn(browser);
  expect((await browser.fetch("/auth/me")).json()).toMatchObject({ user: { username: ALICE.name } });
  const evil = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  const json = { current_password: ALICE.password, new_password: "amber-harbour-58-whistle" };
  expect(told(await browser.fetch("/auth/password", { json, headers: evil }))).toEqual([403, "csrf"]);
  expect((await browser.fetch("/auth/logout/all", { method: "POST" })).status).toBe(204);
  expect((await browser.fetch("/account/")).status).toBe(401);
});

test("a process of its own does the same", async () => {
  const subject = await attackedProcess({ routes: ROUTES, login: { page: "/public/login" } });
  const browser = subject.browser();
  expect((await page(browser, "/account/")).headers.location).toBe("/public/login?return_to=%2Faccount%2F");
  await browser.fetch("/auth/login", { form: { username: ALICE.name, password: ALICE.password } });
  expect((await page(browser, "/account/")).status).toBe(200);
  browser.cookies.delete(ACCESS);
  expect((await page(browser, "/account/")).headers.location).toBe("/account/");
  expect((await page(browser, "/account/")).status).toBe(200);
  expect(subject.upstream.requests).toHaveLength(2);
  for (const { headers } of subject.upstream.requests) {
    expect([headers["x-auth-name"], headers.cookie]).toEqual([ALICE.name, undefined]);
  }
});
