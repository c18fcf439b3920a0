// The attacker provokes errors to read the gateway's inside in them: addresses of services behind it, paths and stacks of the
// program, the text of an exception, or another place where what was sent is shown again.
// SECURITY: ER2 (RFC 9457 §5, ASVS 16.5.1 and 13.4.6).
import { expect, test } from "vitest";
import type { Store } from "../../src/stores/store.ts";
import { freePort } from "../support/free-port.ts";
import { rawRequest } from "../support/raw-http.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf } from "./shown-token.ts";

const CANARY = "canary-c4n4ry";
const INSIDE = "secret-of-the-inside";

let broken = false;
const breaking = (store: Store): Store => {
  const fail = async (): Promise<never> => {
    throw new Error(`${INSIDE} at /srv/app/store.ts:12:3`);
  };
  const { userByName, refreshSession, endSession, sessions, clientById } = store;
  return {
    ...store,
    userByName: (input) => (broken ? fail() : userByName(input)),
    refreshSession: (input) => (broken ? fail() : refreshSession(input)),
    endSession: (input) => (broken ? fail() : endSession(input)),
    sessions: (input) => (broken ? fail() : sessions(input)),
    clientById: (input) => (broken ? fail() : clientById(input)),
  };
};
const dead = await freePort();
const subject = await attackedGateway(
  {
    upstreams: { orders: { targets: [`http://127.0.0.1:${dead}`] } },
    routes: [
      { path: "/api/*", upstream: "orders", access: "required" },
      { path: "/open/*", upstream: "orders", access: "public" },
    ],
  },
  undefined,
  { store: breaking },
);

function expectNothing(text: string, more: readonly string[] = []): void {
  for (const word of [
    CANARY,
    INSIDE,
    String(dead),
    "node_modules",
    "node:internal",
    "/src/",
    ".ts:",
    "    at ",
    ...more,
  ]) {
    expect(text.includes(word), `${word} in ${text}`).toBe(false);
  }
}

const told = (answer: { readonly status: number; readonly text: string; readonly headers: object }): string =>
  answer.text + JSON.stringify(answer.headers);

test("an upstream that is dead is not named", async () => {
  const { browser } = await loggedIn(subject);
  for (const path of [`/api/${CANARY}?q=${CANARY}`, `/open/${CANARY}?token=${CANARY}`]) {
    const answer = await browser.api(path, { headers: { "x-canary": CANARY } });
    expect(answer.status).toBe(502);
    expectNothing(told(answer), [browser.accessToken ?? ""]);
  }
});

test("a defect inside is a 500 that says nothing", async () => {
  const { browser } = await loggedIn(subject);
  broken = true;
  try {
    const answers = [
      await browser.login("alice", CANARY),
      await browser.refresh(),
      await browser.logout(),
      await browser.api("/auth/sessions"),
      await browser.fetch("/oauth/token", {
        form: { grant_type: "client_credentials", client_id: "c_x", client_secret: CANARY },
      }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(500);
      expectNothing(told(answer), [browser.accessToken ?? "", cookieOf(browser)]);
      expect(answer.setCookies).toEqual([]);
    }
  } finally {
    broken = false;
  }
  expect((await browser.refresh()).status).toBe(200);
});

test("what was sent is not sent back", async () => {
  const { browser } = await loggedIn(subject);
  const cookie = `__Host-Http-postern=${CANARY}`;
  const json = { username: CANARY, password: CANARY, extra: CANARY };
  const stranger = subject.browser();
  const calls = [
    await stranger.fetch(`/nowhere/${CANARY}?q=${CANARY}`),
    await stranger.fetch(`/api/%2f${CANARY}`),
    await stranger.fetch(`/auth/${CANARY}`),
    await stranger.fetch(`/oauth/${CANARY}`),
    await stranger.fetch("/auth/login", { json }),
    await stranger.fetch("/auth/login", { json: { username: { [CANARY]: 1 }, password: [CANARY] } }),
    await stranger.fetch("/auth/login", { body: `{"${CANARY}`, headers: { "content-type": "application/json" } }),
    await stranger.fetch("/auth/login", { form: { ...json, return_to: `https://${CANARY}.example.com/` } }),
    await stranger.fetch("/auth/refresh", { method: "POST", headers: { cookie } }),
    await stranger.fetch("/auth/refresh", { json: { refresh_token: CANARY } }),
    await stranger.fetch("/api/x", { headers: { authorization: `Bearer ${CANARY}` } }),
    await stranger.fetch("/oauth/token", { form: { grant_type: CANARY, client_id: "postern", scope: CANARY } }),
    await stranger.fetch("/oauth/introspect", { form: { token: CANARY, client_id: CANARY, client_secret: CANARY } }),
    await browser.api("/auth/password", { json: { current_password: CANARY, new_password: CANARY } }),
    await browser.api(`/auth/sessions/${CANARY}`, { method: "DELETE" }),
    await browser.api("/auth/session/data", { method: "PATCH", json: [CANARY] }),
    await stranger.fetch("/auth/verify", { headers: { "x-forwarded-uri": `/${CANARY}` } }),
  ];
  for (const answer of calls) {
    expect(answer.status, told(answer)).toBeGreaterThanOrEqual(400);
    expect(answer.status, told(answer)).toBeLessThan(500);
    expectNothing(told(answer));
  }
  for (const bytes of [
    `GET /${CANARY} HTTP/1.1\r\n\r\n`,
    `${CANARY}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${CANARY} x\r\nConnection: close\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\n${CANARY}\r\n\r\n`,
  ]) {
    const { text, status } = await rawRequest(subject.url, bytes);
    expect(status).toBe(400);
    expectNothing(text);
  }
});

test("no answer names the software or its version", async () => {
  for (const path of ["/nowhere", "/auth/login", "/.well-known/jwks.json"]) {
    const { headers } = await subject.browser().fetch(path);
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["server"]));
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["x-powered-by"]));
  }
});
