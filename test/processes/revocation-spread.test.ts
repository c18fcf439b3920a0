// A thief has an access token and keeps calling at the one gateway that did not hear of its end. Whatever ends it, taken at one
// gateway or by a command beside both, is refused at the other; and what goes on after it is what each level says.
// SECURITY: RT9, I1; docs/revocation.md, levels.
import { decodeProtectedHeader } from "jose";
import { beforeAll, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayPair, startGatewayPair } from "./gateway-pair.ts";

let pair: GatewayPair;
let alice: string;
beforeAll(async () => {
  pair = await startGatewayPair();
  const json = { username: ALICE.name, password: ALICE.password, roles: ["user"] };
  alice = (await pair.admin(pair.a, "/users", { json })).json<{ id: string }>().id;
});

/** One login, in a browser at gateway A, and the same cookies and token at gateway B. */
interface Victim {
  readonly atA: Browser;
  readonly atB: Browser;
  readonly sid: string;
  readonly token: string;
}

async function logIn(): Promise<Victim> {
  const atA = new Browser(pair.a.url);
  const answer = await atA.login(ALICE.name, ALICE.password);
  expect(answer.status).toBe(200);
  const { session_id: sid, access_token: token } = answer.json<LoginAnswer>();
  return { atA, atB: at(pair.b, atA), sid, token };
}

function at(gateway: GatewayProcess, browser: Browser): Browser {
  const elsewhere = new Browser(gateway.url);
  for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
  elsewhere.accessToken = browser.accessToken;
  return elsewhere;
}

/** What a revoked token is answered; of one whose key has been dropped nothing can be said but that it is not valid. */
const REFUSED = /"code":"token_(?:revoked|invalid)"/;

/** Resolves when it is refused, and holds that it is refused for what it is, from then on. */
async function untilRefused(browser: Browser): Promise<void> {
  await waitUntil(
    () => "the other gateway still takes the token",
    async () => (await browser.api("/api/orders")).status !== 200,
  );
  const answer = await browser.api("/api/orders");
  expect([answer.status, answer.text]).toEqual([401, expect.stringMatching(REFUSED)]);
}

const revoke = async (target: object): Promise<void> => {
  expect((await pair.admin(pair.a, "/revocations", { json: { target } })).status).toBe(200);
};
const changeUser = async (json: object): Promise<void> => {
  expect((await pair.admin(pair.a, `/users/${alice}`, { method: "PATCH", json })).status).toBe(200);
};
// The same roles again would be no change.
let roles: readonly string[] = ["user"];
const otherRoles = async (): Promise<void> => {
  roles = roles.length === 1 ? ["admin", "user"] : ["user"];
  await changeUser({ roles });
};
const command = async (...args: readonly string[]): Promise<void> => {
  const { code, stderr } = await pair.a.cli(args);
  expect([code, stderr]).toEqual([0, ""]);
};

type Ends = "session" | "access tokens";
const levels: readonly (readonly [string, Ends, (victim: Victim) => Promise<unknown>])[] = [
  ["logout", "session", ({ atA }) => atA.logout()],
  ["logout everywhere", "session", ({ atA }) => atA.api("/auth/logout/all", { method: "POST" })],
  ["one's own list of devices", "session", ({ atA, sid }) => atA.api(`/auth/sessions/${sid}`, { method: "DELETE" })],
  ["revoking the session", "session", ({ sid }) => revoke({ session: sid })],
  ["revoking the user", "session", () => revoke({ user: ALICE.name })],
  ["revoking everything", "session", () => revoke({ all: true })],
  ["revoking the token", "access tokens", ({ token }) => revoke({ token })],
  ["revoking the client", "access tokens", () => revoke({ client: "postern" })],
  ["revoking the key", "access tokens", ({ token }) => revoke({ key: decodeProtectedHeader(token).kid })],
  ["changing roles", "access tokens", otherRoles],
  ["a command beside the gateways", "session", ({ sid }) => command("revoke", "--session", sid)],
];

test.each(levels)("%s (ends: %s)", async (_, ends, end) => {
  const victim = await logIn();
  expect((await victim.atB.api("/api/orders")).status).toBe(200);
  await end(victim);
  await untilRefused(victim.atB);
  const refreshed = await victim.atB.copy().refresh();
  if (ends === "session") {
    expect([refreshed.status, refreshed.json().code]).toEqual([401, "session_ended"]);
  } else {
    expect(refreshed.status).toBe(200);
    const renewed = at(pair.b, victim.atB);
    renewed.accessToken = refreshed.json<LoginAnswer>().access_token;
    expect((await renewed.api("/api/orders")).status).toBe(200);
    expect((await at(pair.a, renewed).api("/api/orders")).status).toBe(200);
  }
  const again = await logIn();
  expect((await again.atA.api("/api/orders")).status).toBe(200);
  expect((await again.atB.api("/api/orders")).status).toBe(200);
});

test("the gateway that took it refuses from its answer on", async () => {
  for (const [, , end] of levels.slice(0, -1)) {
    const { atA, ...others } = await logIn();
    const thief = atA.copy();
    await end({ atA, ...others });
    expect((await thief.api("/api/orders")).text).toMatch(REFUSED);
  }
});

test("disabling the user, and enabling it again", async () => {
  const victim = await logIn();
  await changeUser({ disabled: true });
  expect((await victim.atB.refresh()).status).toBe(401);
  await untilRefused(victim.atB);
  expect((await new Browser(pair.b.url).login(ALICE.name, ALICE.password)).status).toBe(401);
  await changeUser({ disabled: false });
  await untilRefused(victim.atB);
  expect((await logIn()).token).not.toBe(victim.token);
});
