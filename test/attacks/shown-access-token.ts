import { expect } from "vitest";
import type { Answer } from "../support/http-client.ts";
import { type AttackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

/** An access token that Alice has just been given. */
export async function freshToken(gateway: AttackedGateway): Promise<string> {
  const { browser } = await loggedIn(gateway);
  return browser.accessToken ?? "";
}

export const showToken = (gateway: AttackedGateway, token: string, path = "/api/orders"): Promise<Answer> =>
  gateway.browser().fetch(path, { headers: { authorization: `Bearer ${token}` } });

/** Shows a token to a protected route: it must be refused as RFC 6750 says, and the service must hear nothing of it. */
export async function expectRefused(
  gateway: AttackedGateway,
  token: string,
  code = "token_invalid",
  why?: string,
): Promise<void> {
  const before = gateway.upstream.requests.length;
  const answer = await showToken(gateway, token);
  expect(told(answer), why).toEqual([401, code]);
  expect(answer.headers["www-authenticate"], why).toBe('Bearer error="invalid_token"');
  expect(gateway.upstream.requests.length, why).toBe(before);
}

/** The control of a test whose tokens are forged: what is refused is not refused for the way in which it was made. */
export async function expectAccepted(gateway: AttackedGateway, token: string): Promise<void> {
  expect((await showToken(gateway, token)).status).toBe(200);
}
