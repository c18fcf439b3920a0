// A thief read a refresh token from an old backup of a browser's profile. The browser has renewed it since. After the time
// for honest stragglers the thief shows it, at the browser's endpoint or at the OAuth one. It buys nothing.
// SECURITY: RT1 (RFC 9700 §4.14.2).
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, grantRefresh, loginInBody, told } from "./shown-token.ts";

const subject = await attackedGateway();

test("a refresh after the grace returns another token to keep, and sets it again", async () => {
  const { browser } = await loggedIn(subject);
  const first = cookieOf(browser);
  await subject.advance(subject.grace);
  const answer = await browser.refresh();
  expect(answer.status).toBe(200);
  expect(answer.setCookies).toHaveLength(1);
  expect(cookieOf(browser)).not.toBe(first);
});

test("the superseded cookie is refused after the grace, and the refusal clears no cookie", async () => {
  const { browser } = await loggedIn(subject);
  const thief = browser.copy();
  await subject.advance(subject.grace);
  await browser.refresh();
  await subject.advance(subject.grace + 1);
  const answer = await thief.refresh();
  expect(told(answer)).toEqual([401, "refresh_reused"]);
  expect(answer.setCookies).toEqual([]);
});

test("at the OAuth endpoint it is an invalid_grant", async () => {
  const client = subject.browser();
  const first = await loginInBody(client);
  await subject.advance(subject.grace);
  const rotated = await grantRefresh(client, first);
  expect(rotated.json().refresh_token).not.toBe(first);
  await subject.advance(subject.grace + 1);
  const answer = await grantRefresh(client, first);
  expect([answer.status, answer.json().error]).toEqual([400, "invalid_grant"]);
});
