// Alice visits the attacker's page while she is logged in. It sends requests to the gateway, and her browser adds the cookies:
// from another site, from a sibling domain that was taken over, from a sandboxed frame, with every content type that needs no
// preflight, from a browser that says nothing about where a request comes from. None may renew, end or make a session.
// SECURITY: CS1, CS2, CS3 (OWASP CSRF sheet, ASVS 3.5).
import { expect, test } from "vitest";
import type { Call } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const LISTED = "https://spa.example";
const subject = await attackedGateway({
  cors: { origins: [LISTED] },
  routes: [
    { path: "/api/*", upstream: "orders", access: "required" },
    { path: "/account/*", upstream: "orders", access: "required", credentials: "session" },
  ],
});
const FORGED = [403, "csrf"];
const GOOD = JSON.stringify({ username: ALICE.name, password: ALICE.password });

/** What a page of another site can send without asking first, and JSON, which it cannot. */
const BODIES: readonly { readonly what: string; readonly call: Call; readonly readBy: readonly string[] }[] = [
  { what: "nothing", call: {}, readBy: ["/auth/refresh", "/auth/logout"] },
  { what: "an empty form", call: { form: {} }, readBy: ["/auth/refresh", "/auth/logout"] },
  {
    what: "a form",
    call: { form: { username: ALICE.name, password: ALICE.password } },
    readBy: ["/auth/login", "/auth/logout"],
  },
  { what: "text/plain", call: { body: GOOD, headers: { "content-type": "text/plain" } }, readBy: [] },
  {
    what: "multipart",
    call: { body: "--x--", headers: { "content-type": "multipart/form-data; boundary=x" } },
    readBy: [],
  },
  { what: "JSON", call: { json: JSON.parse(GOOD) }, readBy: ["/auth/login", "/auth/refresh", "/auth/logout"] },
  { what: "no type", call: { body: GOOD }, readBy: [] },
];

/** Where a request says that it comes from; an empty value: nothing. */
const SOURCES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
  ["another site that claims our origin", { "sec-fetch-site": "cross-site", origin: subject.url }],
  ["another site that claims a listed origin", { "sec-fetch-site": "cross-site", origin: LISTED }],
  ["a sibling domain", { "sec-fetch-site": "same-site", origin: "https://old.example.com" }],
  ["a sibling domain without Origin", { "sec-fetch-site": "same-site", origin: "" }],
  ["a sandboxed frame", { "sec-fetch-site": "cross-site", origin: "null" }],
  ["an opaque origin", { "sec-fetch-site": "", origin: "null" }],
  ["an opaque origin typed by the user", { "sec-fetch-site": "none", origin: "null" }],
  ["an old browser on another site", { "sec-fetch-site": "", origin: "https://evil.example" }],
  ["an old browser that says nothing", { "sec-fetch-site": "", origin: "" }],
  ["an old browser whose Referer is ours", { "sec-fetch-site": "", origin: "", referer: `${subject.url}/` }],
  ["another scheme", { "sec-fetch-site": "", origin: subject.url.replace("http:", "https:") }],
  ["another port", { "sec-fetch-site": "same-site", origin: `${subject.url}0` }],
  ["an origin that begins like ours", { "sec-fetch-site": "", origin: `${subject.url}.evil.example` }],
  ["a listed one with a slash", { "sec-fetch-site": "", origin: `${LISTED}/` }],
  ["a listed one in capitals", { "sec-fetch-site": "same-site", origin: LISTED.toUpperCase() }],
  ["a word that is none", { "sec-fetch-site": "same-origin, cross-site", origin: subject.url }],
];

test.each(SOURCES)("from %s", async (_, headers) => {
  const { browser } = await loggedIn(subject);
  const before = new Map(browser.cookies);
  for (const { what, call, readBy } of BODIES) {
    for (const path of ["/auth/login", "/auth/refresh", "/auth/logout", "/account/settings"]) {
      const answer = await browser.fetch(path, { method: "POST", ...call, headers: { ...call.headers, ...headers } });
      const read = path === "/account/settings" || readBy.includes(path);
      expect(told(answer), `${path} with ${what}`).toEqual(read ? FORGED : [400, "validation"]);
      expect(answer.setCookies).toEqual([]);
    }
  }
  for (const method of ["PUT", "PATCH", "DELETE"]) {
    expect(told(await browser.fetch("/account/settings", { method, headers }))).toEqual(FORGED);
  }
  const patch = { method: "PATCH", json: { theme: "evil" }, headers };
  expect(told(await browser.fetch("/auth/session/data", patch))).toEqual(FORGED);
  expect(told(await browser.fetch("/auth/logout/all", { method: "POST", headers }))).toEqual(FORGED);
  expect(subject.upstream.requests).toEqual([]);
  expect(browser.cookies).toEqual(before);
  expect((await browser.refresh()).status).toBe(200);
});

test("a login with the right password from another site logs nobody in", async () => {
  const victim = subject.browser({ "sec-fetch-site": "cross-site", origin: "https://evil.example" });
  for (const call of [{ form: { username: ALICE.name, password: ALICE.password } }, { json: JSON.parse(GOOD) }]) {
    const answer = await victim.fetch("/auth/login", call);
    expect(told(answer)).toEqual(FORGED);
  }
  expect(victim.cookies.size).toBe(0);
});

test.each([
  ["our own page", { "sec-fetch-site": "same-origin", origin: subject.url }],
  ["our own page without a referrer", { "sec-fetch-site": "same-origin", origin: "null" }],
  ["the address bar", { "sec-fetch-site": "none", origin: "" }],
  ["an old browser on our page", { "sec-fetch-site": "", origin: subject.url }],
  ["a listed application on the same site", { "sec-fetch-site": "same-site", origin: LISTED }],
  ["a listed application in an old browser", { "sec-fetch-site": "", origin: LISTED }],
])("but %s may", async (_, headers) => {
  const { browser } = await loggedIn(subject, headers);
  expect((await browser.refresh()).status).toBe(200);
  expect((await browser.fetch("/account/settings", { method: "POST" })).status).toBe(200);
  expect((await browser.fetch("/auth/logout", { method: "POST" })).status).toBe(204);
  subject.upstream.requests.length = 0;
});

test("doubled headers are not chosen from", async () => {
  const { browser } = await loggedIn(subject);
  const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
  for (const lines of [
    ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin"],
    [`Origin: ${subject.url}`, "Origin: https://evil.example"],
  ]) {
    const head = ["POST /auth/refresh HTTP/1.1", "Host: shop", "Connection: close", "Content-Length: 0"];
    const answer = await rawRequest(subject.url, [...head, `Cookie: ${cookie}`, ...lines, "", ""].join("\r\n"));
    expect(answer.status).toBe(403);
  }
});
