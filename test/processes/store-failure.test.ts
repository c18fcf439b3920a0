// Somebody makes the store fail, or it fails by itself, just while people renew their sessions: another process holds the
// database locked. Each refresh is answered 503 and uses nothing up; afterwards the same token renews the session, nobody is
// logged out, and nothing that was answered 503 is carried out later.
// SECURITY: RT5 (Keycloak #49213), RV5; docs/sessions.md, rule 8.
import { DatabaseSync } from "node:sqlite";
import { beforeAll, expect, test } from "vitest";
import { type Answer, Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { type FilePair, refreshAt, startGatewayPair, successorOf } from "./gateway-pair.ts";

const SESSIONS = 20;

let pair: FilePair;
beforeAll(async () => {
  pair = await startGatewayPair({ storeTimeout: "500ms" }, SESSIONS);
  await pair.admin(pair.a, "/users", { json: { username: ALICE.name, password: ALICE.password } });
});

/** Runs `work` while another connection holds the database's write lock. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const other = new DatabaseSync(pair.file);
  try {
    other.exec("BEGIN EXCLUSIVE");
    return await work();
  } finally {
    other.close();
  }
}

function expectUnavailable(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  expect(answer.setCookies).toEqual([]);
}

function generations(): readonly unknown[] {
  const db = new DatabaseSync(pair.file, { readOnly: true });
  try {
    return db
      .prepare("SELECT DISTINCT generation FROM sessions WHERE channel = 'body'")
      .all()
      .map((row) => row.generation);
  } finally {
    db.close();
  }
}

test("503, and the same token renews the session afterwards", async () => {
  const { a, b, sessions } = pair;
  const cookieSession = new Browser(a.url);
  await cookieSession.login(ALICE.name, ALICE.password);

  const answers = await whileLocked(() =>
    Promise.all(sessions.map(({ refreshToken }, index) => refreshAt(index % 2 === 0 ? a : b, refreshToken))),
  );
  for (const answer of answers) {
    expectUnavailable(answer);
    expect(answer.json().code).toBe("store_unavailable");
  }
  // What each gateway does next has passed whatever still waited in it.
  for (const at of [a, b]) expect((await new Browser(at.url).login(ALICE.name, ALICE.password)).status).toBe(200);
  expect(generations()).toEqual([0]);

  const renewed = await Promise.all(sessions.map(({ refreshToken }) => refreshAt(b, refreshToken)));
  expect(new Set(renewed.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(renewed.map(successorOf)).size).toBe(SESSIONS);
  expect((await cookieSession.refresh()).status).toBe(200);
});

test("a login, a logout and a revocation are 503 too, and clear no cookie; the access token stays good", async () => {
  const browser = new Browser(pair.a.url);
  const login = await browser.login(ALICE.name, ALICE.password);
  const cookies = [...browser.cookies];
  await whileLocked(async () => {
    expectUnavailable(await browser.logout());
    expectUnavailable(await browser.refresh());
    expectUnavailable(await new Browser(pair.a.url).login(ALICE.name, ALICE.password));
    const form = { client_id: "postern", token: login.json<LoginAnswer>().access_token };
    expectUnavailable(await new Browser(pair.a.url).fetch("/oauth/revoke", { form }));
    expect((await browser.api("/api/orders")).status).toBe(200);
  });
  expect([...browser.cookies]).toEqual(cookies);
  expect((await browser.refresh()).status).toBe(200);
  expect((await browser.logout()).status).toBe(204);
});
