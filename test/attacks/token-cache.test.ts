// The gateway remembers tokens that it has verified. The attacker hopes that it remembers too much: that a token which has been
// revoked or has expired still passes on a connection that is open, or that of two people who share a connection one is taken
// for the other.
// SECURITY: AT21 (CVE-2026-35039).
import { createServer } from "node:http";
import { Client, Pool } from "undici";
import { afterAll, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { listen } from "../support/listen.ts";
import { BOB } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { compact, readToken } from "./forge.ts";
import { freshToken } from "./shown-access-token.ts";

const REQUESTS = 10_000;

// Tells who it thinks is calling, and nothing else.
const mirror = createServer((request, response) => {
  const { "x-auth-user": user = "", "x-auth-session": session = "" } = request.headers;
  response.end(`${user} ${session}`);
});
const { port } = await listen(mirror, await freePort());
const subject = await attackedGateway({ upstreams: { orders: { targets: [`http://127.0.0.1:${port}`] } } });
const bob = await subject.addUser(BOB);

async function ask(dispatcher: Client | Pool, token: string): Promise<string> {
  const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  const { statusCode, body } = await dispatcher.request({ path: "/api/orders", method: "GET", headers });
  const text = await body.text();
  return statusCode === 200 ? text : `${statusCode} ${JSON.parse(text).code}`;
}

/** One connection, and how many had to be made for it. */
function oneConnection(): { readonly client: Client; connections(): number } {
  const client = new Client(subject.url);
  let connections = 0;
  client.on("connect", () => {
    connections++;
  });
  afterAll(() => client.close());
  return { client, connections: () => connections };
}

test(`${REQUESTS} requests of two people by turns: each is always who they are`, async () => {
  const { browser: alice, sid } = await loggedIn(subject);
  const other = subject.browser();
  const bobLogin = await other.login(BOB.name, BOB.password);
  const bobSid = bobLogin.json<{ session_id: string }>().session_id;
  const token = alice.accessToken ?? "";
  const { header, claims } = readToken(token);
  const cut = token.lastIndexOf(".");
  const asked: readonly (readonly [string, string])[] = [
    [token, `${subject.alice} ${sid}`],
    [other.accessToken ?? "", `${bob} ${bobSid}`],
    [token, `${subject.alice} ${sid}`],
    [other.accessToken ?? "", `${bob} ${bobSid}`],
    // Alice's token with Bob's signature, then with none that is right, then nobody.
    [
      token.slice(0, cut) + (other.accessToken ?? "").slice((other.accessToken ?? "").lastIndexOf(".")),
      "401 token_invalid",
    ],
    [
      compact(header, { ...claims, sub: bob }, () => Buffer.from(token.slice(cut + 1), "base64url")),
      "401 token_invalid",
    ],
    ["", "401 unauthenticated"],
  ];
  const pool = new Pool(subject.url, { connections: 4 });
  const wrong: unknown[] = [];
  let next = 0;
  async function worker(): Promise<void> {
    for (let at = next++; at < REQUESTS; at = next++) {
      const [shown, expected] = asked[at % asked.length] ?? ["", ""];
      const got = await ask(pool, shown);
      if (got !== expected) wrong.push({ at, got, expected });
    }
  }
  await Promise.all(Array.from({ length: 32 }, worker));
  await pool.close();
  expect(wrong).toEqual([]);
  expect(next).toBeGreaterThanOrEqual(REQUESTS);
});

test("a token that has been verified and is revoked is refused on the connection on which it was good", async () => {
  const { client, connections } = oneConnection();
  const { browser, sid } = await loggedIn(subject);
  const token = browser.accessToken ?? "";
  for (let time = 0; time < 3; time++) expect(await ask(client, token)).toBe(`${subject.alice} ${sid}`);
  expect((await browser.logout()).status).toBe(204);
  expect(await ask(client, token)).toBe("401 token_revoked");
  expect(connections()).toBe(1);
});

test.each<[string, (token: string) => Readonly<Record<string, unknown>>]>([
  ["its id", (token) => ({ jti: readToken(token).claims.jti })],
  ["its session", (token) => ({ session: readToken(token).claims.sid })],
  ["its user", () => ({ user: "alice" })],
  ["its client", () => ({ client: "postern" })],
  ["everything", () => ({ all: true })],
  ["its key", (token) => ({ key: readToken(token).header.kid })],
])("so is one that is revoked by %s", async (_, target) => {
  const { client, connections } = oneConnection();
  const token = await freshToken(subject);
  expect(await ask(client, token)).toMatch(/^u_/);
  const answer = await subject.admin("/revocations", { json: { target: target(token) } });
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  expect(await ask(client, token)).toMatch(/^401 token_(revoked|invalid)$/);
  expect(await ask(client, await freshToken(subject))).toMatch(/^u_/);
  expect(connections()).toBe(1);
});

test("so is one that has run out", async () => {
  const { client, connections } = oneConnection();
  const token = await freshToken(subject);
  expect(await ask(client, token)).toMatch(/^u_/);
  await subject.advance(Number(readToken(token).claims.exp) * 1000 - subject.now());
  expect(await ask(client, token)).toBe("401 token_expired");
  expect(connections()).toBe(1);
});
