// Nobody attacks: a train enters a tunnel and the answer to a refresh never arrives. The browser shows the same token again
// and must get the very successor that was lost. Only within the grace, or a thief would have the same excuse for ever; and
// what is refused later is named "lost" and not "theft" where nobody ever showed the successor.
// SECURITY: RT4.
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, told } from "./shown-token.ts";

const subject = await attackedGateway();

/** A browser whose refresh was carried out and whose answer went to nobody; `arrived`: the one that it went to instead. */
async function lostAnswer() {
  const { browser, sid } = await loggedIn(subject);
  const arrived = browser.copy();
  await subject.advance(subject.grace);
  expect((await arrived.refresh()).status).toBe(200);
  return { browser, sid, arrived, successor: cookieOf(arrived) };
}

test("the same token again within the grace: the same successor, however often", async () => {
  const { browser, successor } = await lostAnswer();
  const old = browser.copy();
  for (let again = 0; again < 3; again++) {
    const retry = old.copy();
    expect((await retry.refresh()).status).toBe(200);
    expect(cookieOf(retry)).toBe(successor);
    expect((await retry.api("/api/orders")).status).toBe(200);
  }
});

test("the successor shown within the grace of its birth is kept: renewing in circles makes nothing newer", async () => {
  const { arrived, successor } = await lostAnswer();
  expect((await arrived.refresh()).status).toBe(200);
  expect(cookieOf(arrived)).toBe(successor);
});

test("retrying does not start the window again", async () => {
  const { browser } = await lostAnswer();
  const half = Math.ceil(subject.grace / 2) + 1;
  await subject.advance(half);
  expect((await browser.copy().refresh()).status).toBe(200);
  await subject.advance(half);
  expect(told(await browser.refresh())).toEqual([401, "refresh_reused"]);
});

test("after the grace, where nobody showed the successor: the session ends and is named lost", async () => {
  const { browser, arrived, sid } = await lostAnswer();
  await subject.advance(subject.grace + 1);
  expect(told(await browser.refresh())).toEqual([401, "refresh_reused"]);
  expect(told(await arrived.refresh())).toEqual([401, "session_ended"]);
  expect(told(await arrived.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(await subject.audited(sid)).toEqual(["login", "refresh_lost"]);
});

test("after the grace, where somebody showed the successor: it is theft", async () => {
  const { browser, arrived, sid } = await lostAnswer();
  expect((await arrived.refresh()).status).toBe(200);
  await subject.advance(subject.grace + 1);
  expect(told(await browser.refresh())).toEqual([401, "refresh_reused"]);
  expect(await subject.audited(sid)).toEqual(["login", "refresh_theft"]);
});
