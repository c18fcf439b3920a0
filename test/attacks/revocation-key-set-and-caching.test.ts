// The attacker reads a private key out of the key set, or somebody else's token out of a cache on the way: the key set may be
// kept, and holds public members alone; nothing that carries a token, or was made for one person, may be kept at all.
// SECURITY: RV11 (RFC 6749 §5.1, RFC 7517 §8.5.1).
import { expect, test } from "vitest";
import type { Answer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { asService, introspect, revoke, SERVICES } from "./oauth-calls.ts";
import { grantRefresh, loginInBody } from "./shown-token.ts";

test.each(["ES256", "EdDSA", "RS256"])("the key set of %s keys: public, cacheable, JSON", async (alg) => {
  const gateway = await attackedGateway({ tokens: { access: { alg } } });
  const answer = await gateway.browser().fetch("/.well-known/jwks.json");
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toBe("application/jwk-set+json");
  expect(answer.headers["cache-control"]).toMatch(/^public, max-age=[1-9]\d*$/);
  expect(answer.setCookies).toEqual([]);
  const { keys } = answer.json<{ keys: readonly Record<string, unknown>[] }>();
  expect(keys).toHaveLength(1);
  for (const key of keys) {
    expect(key).toMatchObject({ alg, use: "sig", kid: expect.any(String) });
    const allowed = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
    expect(Object.keys(key).filter((member) => !allowed.includes(member))).toEqual([]);
  }
});

const subject = await attackedGateway({ clients: SERVICES });

test("nothing that carries a token or a person may be kept", async () => {
  const { browser } = await loggedIn(subject);
  const native = subject.browser();
  const refresh = await loginInBody(native);
  const nobody = subject.browser();
  const answers: readonly (readonly [string, Answer])[] = [
    ["login", await browser.copy().login(ALICE.name, ALICE.password)],
    ["refused login", await nobody.login(ALICE.name, "wrong")],
    ["refresh", await native.refresh(refresh)],
    ["refused refresh", await nobody.refresh()],
    ["token", await grantRefresh(native, refresh)],
    [
      "client token",
      await nobody.fetch("/oauth/token", { form: { grant_type: "client_credentials", ...asService() } }),
    ],
    ["refused token", await grantRefresh(native, "x")],
    ["me", await native.api("/auth/me")],
    ["sessions", await native.api("/auth/sessions")],
    ["data", await native.api("/auth/session/data")],
    ["introspection", await introspect(nobody, native.accessToken ?? "")],
    ["revocation", await revoke(nobody, native.accessToken ?? "")],
    ["refused request", await nobody.fetch("/api/orders")],
    ["logout", await loggedIn(subject).then((again) => again.browser.logout())],
  ];
  for (const [name, { headers }] of answers) expect(headers["cache-control"], name).toBe("no-store");
});
