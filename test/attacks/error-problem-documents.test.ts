// A client acts on an error that it misreads: a status in the body that is not the answer's, a code that nobody documented, a
// "try again" without a time. Every code of the contract is provoked here, and each is a valid problem document.
// SECURITY: ER1, ER3 (RFC 9457 §3.1, §3.2, §4.2).
import { expect, test } from "vitest";
import { PROBLEMS, type ProblemCode } from "../../src/protocol/errors.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "../../src/stores/store.ts";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { freePort } from "../support/free-port.ts";
import type { Answer, Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { expectProblem } from "./problem-document.ts";
import { loginInBody, REFRESH_COOKIE } from "./shown-token.ts";

let fault: Error | null = null;
const failing = (store: Store): Store => ({
  ...store,
  refreshSession: async (input) => {
    if (fault !== null) throw fault;
    return store.refreshSession(input);
  },
  // The other writer is always a moment sooner.
  writeSessionData: async (input) => {
    if (!input.json.includes("contended")) return store.writeSessionData(input);
    return { ok: false, reason: "conflict" };
  },
});
const silent = await startRecordingUpstream(() => {});
const demo = await startDemoUpstream();
const protect = (path: string, access: unknown = "required") => ({ path, upstream: "orders", access });
const subject = await attackedGateway(
  {
    issuer: "https://app.example.com",
    trustedProxies: ["127.0.0.1/32"],
    upstreams: {
      orders: { targets: [demo.url] },
      silent: { targets: [silent.url], responseTimeout: "50ms" },
      dead: { targets: [`http://127.0.0.1:${await freePort()}`] },
    },
    routes: [
      protect("/api/*"),
      protect("/write/*", { scopes: ["orders:write"] }),
      protect("/admins/*", { roles: ["admin"] }),
      protect("/recent/*", { maxAge: "1m" }),
      { path: "/read", methods: ["GET"], upstream: "orders", access: "public" },
      { path: "/dead", upstream: "dead", access: "public" },
      { path: "/silent", upstream: "silent", access: "public" },
    ],
    passwords: { concurrency: 1, queue: 0 },
    registration: true,
  },
  undefined,
  { store: failing },
);

async function refreshWith(error: Error): Promise<Answer> {
  const { browser } = await loggedIn(subject);
  fault = error;
  try {
    return await browser.refresh();
  } finally {
    fault = null;
  }
}

const patch = (browser: Browser, json: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  browser.api("/auth/session/data", { method: "PATCH", json, headers });

/** How each code is come by. `stale_view` has a test of its own (error-injected-faults). */
const PROVOKED: Readonly<Record<Exclude<ProblemCode, "stale_view">, () => Promise<Answer>>> = {
  validation: () => subject.browser().fetch("/auth/login", { json: { username: 1 } }),
  ambiguous_path: () => subject.browser().fetch("/api/%2fx"),
  wrong_channel: async () => subject.browser().refresh(await cookieText()),
  unauthenticated: () => subject.browser().fetch("/api/x"),
  token_invalid: () => subject.browser().fetch("/api/x", { headers: { authorization: "Bearer x" } }),
  token_expired: async () => {
    const { browser } = await loggedIn(subject);
    await subject.advance(600_000);
    return browser.api("/api/x");
  },
  token_revoked: async () => {
    const { browser } = await loggedIn(subject);
    await browser.copy().logout();
    return browser.api("/api/x");
  },
  step_up: async () => {
    const { browser } = await loggedIn(subject);
    await subject.advance(120_000);
    return browser.api("/recent/x");
  },
  invalid_credentials: () => subject.browser().login(ALICE.name, "wrong"),
  refresh_invalid: () => subject.browser().refresh("x"),
  refresh_expired: async () => {
    const { browser } = await loggedIn(subject);
    await subject.advance(15 * 86_400_000);
    return browser.refresh();
  },
  refresh_reused: async () => {
    const { browser } = await loggedIn(subject);
    const thief = browser.copy();
    await subject.advance(subject.grace + 1);
    await browser.refresh();
    await subject.advance(subject.grace + 1);
    return thief.refresh();
  },
  session_ended: async () => {
    const { browser } = await loggedIn(subject);
    await browser.copy().logout();
    return browser.refresh();
  },
  forbidden: async () => (await loggedIn(subject)).browser.api("/admins/x"),
  insufficient_scope: async () => (await loggedIn(subject)).browser.api("/write/x"),
  csrf: () => subject.browser({ "sec-fetch-site": "cross-site" }).login(ALICE.name, ALICE.password),
  verify_target: () => subject.browser().fetch("/auth/verify"),
  not_found: () => subject.browser().fetch("/nowhere"),
  method_not_allowed: () => subject.browser().fetch("/read", { method: "POST" }),
  conflict: async () => patch((await loggedIn(subject)).browser, { contended: true }),
  precondition_failed: async () => patch((await loggedIn(subject)).browser, {}, { "if-match": '"99"' }),
  too_large: async () => patch((await loggedIn(subject)).browser, { x: "x".repeat(20_000) }),
  misdirected: async () => {
    const { browser } = await loggedIn(subject);
    return browser.fetch("/auth/refresh", { method: "POST", headers: { "x-forwarded-proto": "http" } });
  },
  rate_limited: async () => {
    for (let time = 0; time < 10; time++) await subject.browser().login("mallory", "wrong");
    return subject.browser().login("mallory", "wrong");
  },
  internal: () => refreshWith(new TypeError("a defect")),
  upstream_failed: () => subject.browser().fetch("/dead"),
  store_unavailable: () => refreshWith(new StoreUnavailable("gone")),
  outcome_unknown: () => refreshWith(new StoreOutcomeUnknown("gone")),
  overloaded: async () => {
    const flood = Array.from({ length: 20 }, () => subject.browser().login(ALICE.name, ALICE.password));
    const answers = await Promise.all(flood);
    return answers.find(({ status }) => status === 503) ?? Promise.reject(new Error("no login was refused"));
  },
  upstream_timeout: () => subject.browser().fetch("/silent"),
};

async function cookieText(): Promise<string> {
  const { browser } = await loggedIn(subject);
  return browser.cookies.get(REFRESH_COOKIE) ?? "";
}

test.each(Object.entries(PROVOKED))("%s", async (code, provoke) => {
  const answer = await provoke();
  expect(expectProblem(answer)).toBe(code);
});

test("every code is here", () => {
  expect([...Object.keys(PROVOKED), "stale_view"].toSorted()).toEqual(Object.keys(PROBLEMS).toSorted());
});

test.each<[string, number]>([
  ["GET / HTTP/1.1\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400],
  ["nonsense\r\n\r\n", 400],
  [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405],
  ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n", 400],
])("what is hardly HTTP gets a problem document too: %j", async (bytes, expected) => {
  const { text, status } = await rawRequest(subject.url, bytes);
  expect(status).toBe(expected);
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const headers = Object.fromEntries(
    head
      .split("\r\n")
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  expectProblem({ status, headers, text: body });
});

test("a session in a body is told the same as one in a cookie", async () => {
  const browser = subject.browser();
  const token = await loginInBody(browser);
  await browser.copy().logout();
  expect(expectProblem(await browser.refresh(token))).toBe("session_ended");
});
