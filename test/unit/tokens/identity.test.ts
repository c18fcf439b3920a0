import { decodeJwt, decodeProtectedHeader } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { nodeSignatureCheck } from "../../../src/runtime/node/signature.ts";
import { createAccessTokens } from "../../../src/tokens/access-tokens.ts";
import { createIdentityAssertions } from "../../../src/tokens/identity.ts";
import type { Principal } from "../../../src/tokens/principal.ts";
import { ISSUER, NOW, SID, SUB, type TestKey, testKey } from "./token-fixture.ts";

const alice: Principal = {
  ...{
    sub: SUB,
    name: "alice",
    sid: SID,
    clientId: "postern",
    jti: "j",
    kid: "k",
    issuedAt: NOW,
    exp: NOW / 1000 + 300,
  },
  ...{ authTime: 1, amr: ["pwd"], roles: ["user"], scopes: ["orders:read"] },
};
const reporting: Principal = {
  ...alice,
  sub: "c_reporting",
  clientId: "c_reporting",
  name: null,
  sid: null,
  roles: [],
};

let key: TestKey;
beforeEach(async () => {
  key = await testKey();
});

describe("identity assertions", () => {
  it("tell one upstream who acts, for a minute", async () => {
    const text = await createIdentityAssertions({ keyRing: key, issuer: ISSUER }).assertion(alice, "orders", NOW);
    expect(decodeProtectedHeader(text)).toEqual({ alg: "ES256", kid: "test-key", typ: "identity+jwt" });
    const iat = Math.floor(NOW / 1000);
    const { jti, ...claims } = decodeJwt(text);
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(claims).toEqual({
      ...{ iss: ISSUER, aud: "orders", sub: SUB, iat, exp: iat + 60, client_id: "postern", scope: "orders:read" },
      ...{ sid: SID, roles: ["user"], preferred_username: "alice" },
    });
  });

  it("say nothing about a person for a client", async () => {
    const text = await createIdentityAssertions({ keyRing: key, issuer: ISSUER }).assertion(reporting, "orders", NOW);
    expect(Object.keys(decodeJwt(text)).toSorted()).toEqual([
      "aud",
      "client_id",
      "exp",
      "iat",
      "iss",
      "jti",
      "scope",
      "sub",
    ]);
  });

  it("are never accepted as access tokens", async () => {
    const text = await createIdentityAssertions({ keyRing: key, issuer: ISSUER }).assertion(alice, ISSUER, NOW);
    const tokens = createAccessTokens({
      ...{ keyRing: key, signature: nodeSignatureCheck, issuer: ISSUER, audience: ISSUER, ttl: 300_000 },
    });
    expect(await tokens.verify(text, NOW)).toEqual({ ok: false, reason: "token_invalid" });
  });

  it("are reused, synchronously, while half their life remains", async () => {
    const identity = createIdentityAssertions({ keyRing: key, issuer: ISSUER });
    const text = await identity.assertion(alice, "orders", NOW);
    expect(identity.assertion(alice, "orders", NOW + 29_999)).toBe(text);
    const next = identity.assertion(alice, "orders", NOW + 30_000);
    expect(next).toBeInstanceOf(Promise);
    expect(await next).not.toBe(text);
    // Made in the future by a clock that has been set back since.
    expect(identity.assertion(alice, "orders", NOW - 1)).toBeInstanceOf(Promise);
  });

  it("are not shared between upstreams or principals", async () => {
    const identity = createIdentityAssertions({ keyRing: key, issuer: ISSUER });
    await identity.assertion(alice, "orders", NOW);
    expect(decodeJwt(await identity.assertion(alice, "billing", NOW)).aud).toBe("billing");
    expect(decodeJwt(await identity.assertion({ ...alice, roles: ["admin"] }, "orders", NOW)).roles).toEqual(["admin"]);
  });

  it("are made anew when their key is gone", async () => {
    const identity = createIdentityAssertions({ keyRing: key, issuer: ISSUER });
    await identity.assertion(alice, "orders", NOW);
    key.present = false;
    expect(identity.assertion(alice, "orders", NOW)).toBeInstanceOf(Promise);
  });

  it("stay within the cache's bounds", async () => {
    const identity = createIdentityAssertions({
      keyRing: key,
      issuer: ISSUER,
      cache: { maxEntries: 4, maxBytes: 1e6 },
    });
    for (let index = 0; index < 10; index += 1) await identity.assertion({ ...alice }, "orders", NOW);
    await identity.assertion(alice, "orders", NOW);
    for (let index = 0; index < 10; index += 1) await identity.assertion({ ...alice }, "orders", NOW);
    expect(identity.assertion(alice, "orders", NOW)).toBeInstanceOf(Promise);
  });
});
