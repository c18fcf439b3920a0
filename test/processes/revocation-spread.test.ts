// A thief has an access token and keeps calling at the one gateway that did not hear of its end. Whatever ends it, taken at one
// gateway or by a command beside both, is refused at the other; and what goes on after it is what each level says.
// SECURITY: RT9, I1; docs/revocation.md, levels.
import { beforeAll, expect, test } from "vitest";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";
import { at, Endings } from "./endings.ts";
import { type GatewayPair, startGatewayPair } from "./gateway-pair.ts";

let pair: GatewayPair;
const endings = new Endings(() => pair);
beforeAll(async () => {
  pair = await startGatewayPair();
  await endings.addAlice();
});

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

test.each(endings.all)("%s (ends: %s)", async (_, ends, end) => {
  const victim = await endings.logIn();
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
  const again = await endings.logIn();
  expect((await again.atA.api("/api/orders")).status).toBe(200);
  expect((await again.atB.api("/api/orders")).status).toBe(200);
});

test("the gateway that took it refuses from its answer on", async () => {
  for (const [, , end] of endings.atGateway) {
    const { atA, ...others } = await endings.logIn();
    const thief = atA.copy();
    await end({ atA, ...others });
    expect((await thief.api("/api/orders")).text).toMatch(REFUSED);
  }
});

test("disabling the user, and enabling it again", async () => {
  const victim = await endings.logIn();
  await endings.changeUser({ disabled: true });
  expect((await victim.atB.refresh()).status).toBe(401);
  await untilRefused(victim.atB);
  expect((await new Browser(pair.b.url).login(ALICE.name, ALICE.password)).status).toBe(401);
  await endings.changeUser({ disabled: false });
  await untilRefused(victim.atB);
  expect((await endings.logIn()).token).not.toBe(victim.token);
});
