// A service trusts introspection more than its own eyes. The attacker hopes that it calls a token active which the gateway would
// refuse, or that its "no" tells why, and so whose token it was and whether it was ever good.
// SECURITY: RV8, RV9 (RFC 7662 §2.2 and §4).
import { expect, test } from "vitest";
import { forgingGateway, readToken } from "./forge.ts";
import { asService, introspect, OTHER_SERVICE, SERVICES } from "./oauth-calls.ts";
import { freshToken } from "./shown-access-token.ts";
import { loginInBody } from "./shown-token.ts";

const { subject, forge } = await forgingGateway({ clients: SERVICES });
const browser = subject.browser();

async function expectInactive(token: string, why: string): Promise<void> {
  for (const caller of [asService(), asService(OTHER_SERVICE)]) {
    const { status, text, headers } = await introspect(browser, token, caller);
    expect({ status, text }, why).toEqual({ status: 200, text: '{"active":false}' });
    expect(headers["cache-control"]).toBe("no-store");
  }
}

test("a good token is active, with what the gateway knows of it", async () => {
  const token = await freshToken(subject);
  const { claims } = readToken(token);
  const { iss, sub, aud, exp, iat, jti, sid, scope } = claims;
  expect((await introspect(browser, token)).json()).toMatchObject({
    ...{ active: true, token_type: "Bearer", client_id: "postern", username: "alice" },
    ...{ iss, sub, aud, exp, iat, jti, sid, scope },
  });
});

test("unknown, foreign and odd tokens are exactly inactive", async () => {
  const token = await freshToken(subject);
  const future = Math.floor(subject.now() / 1000) + 3600;
  const strange: readonly (readonly [string, string])[] = [
    ["garbage", "x"],
    ["cut", token.slice(0, -3)],
    ["longer", `${token}A`],
    ["padded", `${token}=`],
    ["of another issuer", forge.like(token, { claims: { iss: "https://evil.example.com" } })],
    ["for another service", forge.like(token, { claims: { aud: "https://other.example.com" } })],
    ["not yet good", forge.like(token, { claims: { nbf: future } })],
    ["of another type", forge.like(token, { header: { typ: "JWT" } })],
    ["of an unknown key", forge.like(token, { header: { kid: "nobody" } })],
    ["expired", forge.like(token, { claims: { exp: 1 } })],
    ["a refresh token", await loginInBody(subject.browser())],
  ];
  for (const [why, odd] of strange) await expectInactive(odd, why);
});

test("a token is inactive from its revocation on, at whatever level", async () => {
  const levels: readonly ((token: string) => Readonly<Record<string, unknown>>)[] = [
    (token) => ({ jti: readToken(token).claims.jti }),
    (token) => ({ session: readToken(token).claims.sid }),
    () => ({ user: "alice" }),
    () => ({ all: true }),
  ];
  for (const target of levels) {
    const token = await freshToken(subject);
    expect((await introspect(browser, token)).json()).toMatchObject({ active: true });
    const json = { target: target(token) };
    expect((await subject.admin("/revocations", { json })).status).toBe(200);
    await expectInactive(token, JSON.stringify(json));
  }
});

test("and from its end on", async () => {
  const token = await freshToken(subject);
  expect((await introspect(browser, token)).json()).toMatchObject({ active: true });
  await subject.advance(Number(readToken(token).claims.exp) * 1000 - subject.now());
  await expectInactive(token, "expired");
});
