import { expect } from "vitest";
import { AccessTokenRefused, createVerifier } from "../../src/verifier/index.ts";
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

/** What a service says to a token that takes access tokens itself. */
async function serviceVerdict({ config, url, now }: AttackedGateway, token: string): Promise<string> {
  const { issuer, audience } = config;
  const verifier = createVerifier({
    ...{ issuer, audience: "orders", jwksUri: `${url}/.well-known/jwks.json`, now },
    accessTokens: { audience, revocations: "unchecked" },
  });
  try {
    await verifier.verifyAccessToken(token);
    return "accepted";
  } catch (error) {
    return error instanceof AccessTokenRefused ? `token_${error.code}` : String(error);
  }
}

/**
 * Shows a token to a protected route: it must be refused as RFC 6750 says, and the service must hear nothing of it. Shown to a service
 * that checks tokens itself, it must be refused for the same reason.
 */
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
  // Revocations are told by the gateway, not by the token.
  if (code !== "token_revoked") expect(await serviceVerdict(gateway, token), why).toBe(code);
}

/** The control of a test whose tokens are forged: what is refused is not refused for the way in which it was made. */
export async function expectAccepted(gateway: AttackedGateway, token: string): Promise<void> {
  expect((await showToken(gateway, token)).status).toBe(200);
  expect(await serviceVerdict(gateway, token)).toBe("accepted");
}
