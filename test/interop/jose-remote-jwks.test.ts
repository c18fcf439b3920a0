import * as jose from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";

describe.each(["ES256", "EdDSA", "RS256"])("jose's remote key set, %s", (alg) => {
  let gateway: GatewayProcess;
  let jwks: ReturnType<typeof jose.createRemoteJWKSet>;
  let browser: Browser;

  beforeAll(async () => {
    gateway = await startGateway({ roles: ROLES, tokens: { access: { alg } } });
    await gateway.addUser(ALICE.name, ALICE.password, ["user"]);
    jwks = jose.createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`), { cooldownDuration: 0 });
    browser = new Browser(gateway.url);
    expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  });

  const verify = (token: string): Promise<jose.JWTVerifyResult> =>
    jose.jwtVerify(token, jwks, {
      issuer: gateway.issuer,
      audience: gateway.issuer,
      typ: "at+jwt",
      algorithms: [alg],
      requiredClaims: ["sub", "exp", "iat", "jti", "client_id", "scope", "sid", "auth_time"],
    });

  test("an access token verifies against it", async () => {
    const { payload, protectedHeader } = await verify(browser.accessToken ?? "");
    expect(payload).toMatchObject({ client_id: "postern", scope: "orders:read", roles: ["user"] });
    expect(protectedHeader.kid).toEqual(expect.any(String));
    expect(protectedHeader.jwk).toBeUndefined();
  });

  test("a token of another gateway does not", async () => {
    const other = await startGateway({ roles: ROLES, issuer: gateway.issuer, tokens: { access: { alg } } });
    await other.addUser(ALICE.name, ALICE.password, ["user"]);
    const stranger = new Browser(other.url);
    await stranger.login(ALICE.name, ALICE.password, { refresh: "body" });
    expect(stranger.accessToken).toEqual(expect.any(String));
    await expect(verify(stranger.accessToken ?? "")).rejects.toThrow(jose.errors.JWKSNoMatchingKey);
  });

  test("nothing private is in it, and every key says what it is for", async () => {
    const response = await fetch(`${gateway.url}/.well-known/jwks.json`);
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatchObject({ use: "sig", alg, kid: expect.any(String) });
      for (const secret of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]) expect(key).not.toHaveProperty(secret);
    }
  });
});
