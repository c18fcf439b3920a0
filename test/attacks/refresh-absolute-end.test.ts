// A thief, or a script left running, keeps a session alive by renewing it for ever. The first login fixed its end: no
// renewal moves it, no cookie and no access token names a later one.
// SECURITY: RT7 (ASVS 7.3.2).
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { loginInBody, told } from "./shown-token.ts";

const MINUTE = 60_000;
const ABSOLUTE = 30 * MINUTE;
const subject = await attackedGateway({ tokens: { refresh: { idle: "10m", absolute: "30m" } } });

const maxAgeOf = (setCookie: string | undefined): number => Number(/; Max-Age=(\d+);/.exec(setCookie ?? "")?.[1]);

test("an ever active session ends at its absolute end, and its cookie's Max-Age shrinks towards it", async () => {
  const { browser } = await loggedIn(subject);
  const end = subject.now() + ABSOLUTE;
  let last = ABSOLUTE / 1000 + 1;
  for (let minutes = 0; minutes < 30; minutes += 5) {
    const answer = await browser.refresh();
    expect(answer.status).toBe(200);
    const maxAge = maxAgeOf(answer.setCookies[0]);
    expect(maxAge).toBeLessThan(last);
    expect(subject.now() + maxAge * 1000).toBeLessThanOrEqual(end);
    expect((decodeJwt(browser.accessToken ?? "").exp ?? 0) * 1000).toBeLessThanOrEqual(end);
    last = maxAge;
    await subject.advance(5 * MINUTE);
  }
  expect(told(await browser.refresh())).toEqual([401, "refresh_expired"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
  expect((await browser.api("/api/orders")).status).toBe(401);
});

test("a session whose token travels in bodies ends just so", async () => {
  const client = subject.browser();
  let token = await loginInBody(client);
  for (let minutes = 0; minutes < 30; minutes += 5) {
    const answer = await client.refresh(token);
    expect(answer.status).toBe(200);
    token = answer.json<{ refresh_token: string }>().refresh_token;
    await subject.advance(5 * MINUTE);
  }
  expect(told(await client.refresh(token))).toEqual([401, "refresh_expired"]);
});
