// The attacker sends the victim to the real login page with a `return_to` of the attacker's, so that the login ends on a page
// that looks like the one before and asks for the password again. No spelling of another site is followed: not after a login, not
// after a logout, not by the way back that session mode writes itself.
// SECURITY: CS11, CS12 (RFC 9700 §4.11, §4.12, ASVS 3.7.2).
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { EVIL, openRedirects } from "./open-redirects.ts";
import { told } from "./shown-token.ts";

const LISTED = "https://shop.example/after?login=1";
const subject = await attackedGateway({
  routes: [
    { path: "/account/*", upstream: "orders", access: "required", credentials: "session" },
    // The widest door: every path, however it may be read.
    { path: "/*", upstream: "orders", access: "required", credentials: "session", allowAmbiguousPath: true },
    { path: "/login", upstream: "orders", access: "public" },
  ],
  login: { page: "/login?theme=dark", returnTo: [LISTED] },
});
const credentials = { username: ALICE.name, password: ALICE.password };
const SPELLINGS = openRedirects();
/** Like what is allowed, and not it. */
const NEAR = [LISTED.replace("=1", "=2"), `${LISTED}#x`, LISTED.toUpperCase(), "https://shop.example/", `${LISTED} `];

test("there are many", () => {
  expect(SPELLINGS.length).toBeGreaterThan(500);
});

test("a logout is refused with each of them, and nothing ends", async () => {
  const { browser } = await loggedIn(subject);
  for (const return_to of [...SPELLINGS, ...NEAR]) {
    const answer = await browser.fetch("/auth/logout", { form: { return_to } });
    expect([...told(answer), return_to]).toEqual([400, "validation", return_to]);
    expect(answer.headers.location).toBeUndefined();
  }
  expect((await browser.refresh()).status).toBe(200);
});

test("a login is refused with each of them, before the password is looked at", async () => {
  const browser = subject.browser();
  for (const return_to of [...SPELLINGS, ...NEAR]) {
    const answer = await browser.fetch("/auth/login", { form: { ...credentials, return_to } });
    expect([...told(answer), return_to]).toEqual([400, "validation", return_to]);
    expect(answer.headers.location).toBeUndefined();
  }
  expect(browser.cookies.size).toBe(0);
});

test.each(["/", "/a", "/a/b?c=d&e=//f#g", "/a?return=https://evil.example", "/%20", "/~a;b", LISTED])(
  "%s is followed, by 303",
  async (return_to) => {
    const browser = subject.browser();
    const login = await browser.fetch("/auth/login", { form: { ...credentials, return_to } });
    expect([login.status, login.headers.location]).toEqual([303, return_to]);
    const logout = await browser.fetch("/auth/logout", { form: { return_to } });
    expect([logout.status, logout.headers.location]).toEqual([303, return_to]);
  },
);

test("JSON logins are not redirected, and refuse the same", async () => {
  const browser = subject.browser();
  const bad = await browser.fetch("/auth/login", { json: { ...credentials, return_to: `//${EVIL}` } });
  expect(told(bad)).toEqual([400, "validation"]);
  expect((await browser.fetch("/auth/login", { json: { ...credentials, return_to: "/a" } })).status).toBe(200);
});

/** What a browser can ask for on this site that looks like one of the spellings. */
const TARGETS = [...SPELLINGS, ...SPELLINGS.map((spelling) => `/${spelling}`)].filter((text) =>
  /^\/[\x21\x22\x24-\x7e]*$/.test(text),
);

/** Asks as a page load and resolves with the status and the Location's URL as the browser would follow it. */
async function pageLoad(target: string, cookie: string) {
  const head = [`GET ${target} HTTP/1.1`, "Host: a", "Connection: close", "Sec-Fetch-Site: cross-site"];
  const lines = ["Sec-Fetch-Mode: navigate", "User-Agent: Chrome/140.0.0.0", `Cookie: ${cookie}`, "", ""];
  const { status, text } = await rawRequest(subject.url, [...head, ...lines].join("\r\n"));
  const location = /^location: (.*)\r$/im.exec(text)?.[1] ?? null;
  return { status, url: location === null ? null : new URL(location, subject.url) };
}

test("the way to the login page keeps to the site, and so does the way back that it names", async () => {
  expect(TARGETS.length).toBeGreaterThan(100);
  for (const target of TARGETS) {
    const { status, url } = await pageLoad(target, "a=b");
    if (status === 400) continue;
    expect([status, url?.origin, url?.pathname, target]).toEqual([303, subject.url, "/login", target]);
    const back = url?.searchParams.get("return_to") ?? "";
    expect(back).toMatch(/^\/(?![/\\])/);
    expect(new URL(back, subject.url).origin).toBe(subject.url);
    expect(new URL(back, subject.url).pathname).not.toMatch(/^\/\//);
  }
});

test("a renewal's redirect to itself keeps to the site", async () => {
  const { browser } = await loggedIn(subject, { "user-agent": "Chrome/140.0.0.0" });
  const cookie = `__Host-Http-postern=${browser.cookies.get("__Host-Http-postern")}`;
  for (const target of TARGETS) {
    const { status, url } = await pageLoad(target, cookie);
    if (status === 400) continue;
    expect([status, url?.origin, target]).toEqual([303, subject.url, target]);
  }
});
