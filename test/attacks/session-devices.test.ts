// A laptop was stolen with its browser logged in. Its owner looks at the list of devices and ends that one session, or asks an
// administrator to; and nobody ends, or so much as finds, the session of somebody else.
// SECURITY: RT15 (ASVS 7.5.2, 7.4.5).
import { expect, test } from "vitest";
import { BOB } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const subject = await attackedGateway();
await subject.addUser(BOB);

interface Device {
  readonly id: string;
  readonly user_agent: string;
  readonly address: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly current: boolean;
}

test("the list tells the devices apart; ending one ends it alone", async () => {
  const desk = await loggedIn(subject);
  const laptop = await loggedIn(subject, { "user-agent": "laptop/1.0" });
  const { sessions } = (await desk.browser.api("/auth/sessions")).json<{ sessions: Device[] }>();
  expect(new Set(sessions.map(({ id }) => id))).toEqual(new Set([desk.sid, laptop.sid]));
  expect(sessions.find(({ id }) => id === desk.sid)?.current).toBe(true);
  expect(sessions.find(({ id }) => id === laptop.sid)).toMatchObject({
    user_agent: "laptop/1.0",
    address: "127.0.0.1",
    current: false,
  });

  const answer = await desk.browser.api(`/auth/sessions/${laptop.sid}`, { method: "DELETE" });
  expect(answer.status).toBe(204);
  expect(told(await laptop.browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await laptop.browser.refresh())).toEqual([401, "session_ended"]);
  expect((await desk.browser.api("/api/orders")).status).toBe(200);
  expect((await desk.browser.refresh()).status).toBe(200);
});

test("another user's session is not found, and goes on", async () => {
  const { browser, sid } = await loggedIn(subject);
  const bob = subject.browser();
  await bob.login(BOB.name, BOB.password);
  expect(told(await bob.api(`/auth/sessions/${sid}`, { method: "DELETE" }))).toEqual([404, "not_found"]);
  expect((await bob.api("/auth/sessions")).text).not.toContain(sid);
  expect((await browser.api("/api/orders")).status).toBe(200);
  expect((await browser.refresh()).status).toBe(200);
});

test("an administrator sees and ends it; a user with a token of his own does not", async () => {
  const { browser, sid } = await loggedIn(subject);
  const listed = await subject.admin(`/users/${subject.alice}/sessions`);
  expect(await listed.text()).toContain(sid);
  expect((await subject.admin(`/sessions/${sid}`, { method: "DELETE" })).status).toBe(200);
  expect(told(await browser.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
});
