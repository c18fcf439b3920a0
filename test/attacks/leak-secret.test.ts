// POSTERN_SECRET has leaked, from a log of a deployment; the database has not. The attacker knows Alice's user id and her
// session's id, from a token's claims, and so can write and sign every part of a refresh token but one: the random part, of
// which only its owner and, as a hash, the database know. No forged token may renew the session, end it, or reach a signing key.
// docs/sessions.md.
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { createSecretRing } from "../../src/keys/secrets.ts";
import { createRefreshTokens } from "../../src/sessions/refresh-token-codec.ts";
import type { Channel } from "../../src/sessions/session.ts";
import { ALICE } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, grantRefresh, loginInBody, partsOf, REFRESH_COOKIE, told } from "./shown-token.ts";

const SECRET = "the secret that the attacker has found in a log";
const subject = await attackedGateway({}, SECRET);

// What the attacker's own copy of Postern makes of the secret.
const ring = await createSecretRing({ secret: SECRET, previous: null });
const refreshTokens = createRefreshTokens(ring);

/** A token with a right mac for a session whose random part the attacker does not know. */
function forge(real: string, channel: Channel, generation: number, r = "A".repeat(22)): Promise<string> {
  const { sub, sid } = partsOf(real);
  return refreshTokens.encode({ channel, secretId: ring.currentId, sub, sid, generation, r });
}

function shownAsCookie(token: string) {
  const attacker = subject.browser();
  attacker.cookies.set(REFRESH_COOKIE, token);
  return attacker;
}

test("the attacker's tokens are signed as real ones are", async () => {
  const { browser } = await loggedIn(subject);
  const real = cookieOf(browser);
  expect(await forge(real, "cookie", 0, partsOf(real).r)).toBe(real);
});

test.each([0, 1, 2, 8, 9, 1_000_000])("generation %i: neither renews the session nor ends it", async (generation) => {
  const { browser, sid } = await loggedIn(subject);
  await subject.advance(subject.grace + 1);
  await browser.refresh();
  const attacker = shownAsCookie(await forge(cookieOf(browser), "cookie", generation));
  expect(told(await attacker.refresh())).toEqual([401, "refresh_invalid"]);
  expect((await browser.api("/api/orders")).status).toBe(200);
  await subject.advance(subject.grace + 1);
  expect((await browser.refresh()).status).toBe(200);
  expect(await subject.audited(sid)).toEqual(["login", "refresh_forged"]);
});

test("nor in a body, at either endpoint", async () => {
  const native = subject.browser();
  const token = await loginInBody(native);
  const forged = await forge(token, "body", 0);
  expect(told(await subject.browser().refresh(forged))).toEqual([401, "refresh_invalid"]);
  expect((await grantRefresh(subject.browser(), forged)).json().error).toBe("invalid_grant");
  expect((await native.refresh(token)).status).toBe(200);
});

test("logout, revocation and a login do not end the session that a forged token names", async () => {
  const { browser } = await loggedIn(subject);
  const native = subject.browser();
  const token = await loginInBody(native);
  const asCookie = await forge(cookieOf(browser), "cookie", 0);
  const inBody = await forge(token, "body", 0);

  await shownAsCookie(asCookie).fetch("/auth/logout", { method: "POST" });
  await subject.browser().fetch("/auth/logout", { json: { refresh_token: inBody } });
  for (const forged of [asCookie, inBody]) {
    await subject.browser().fetch("/oauth/revoke", { form: { client_id: "postern", token: forged } });
  }
  await shownAsCookie(asCookie).login(ALICE.name, ALICE.password);

  expect((await browser.api("/api/orders")).status).toBe(200);
  expect((await native.api("/api/orders")).status).toBe(200);
  expect((await browser.refresh()).status).toBe(200);
  expect((await native.refresh(token)).status).toBe(200);
});

test("no key that the secret gives signs an access token", async () => {
  const { browser } = await loggedIn(subject);
  const [head = "", payload = ""] = (browser.accessToken ?? "").split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const { kid } = JSON.parse(Buffer.from(head, "base64url").toString());
  const subkeys = await Promise.all(
    ["refresh token", "signing key", "secret id"].map((label) => ring.subkey(ring.currentId, label)),
  );
  for (const key of [new TextEncoder().encode(SECRET), ...subkeys]) {
    if (key === null) throw new Error("the attacker has every subkey");
    const forged = await new SignJWT({ ...claims, roles: ["admin"] })
      .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid })
      .sign(key);
    const headers = { authorization: `Bearer ${forged}` };
    expect(told(await subject.browser().fetch("/api/orders", { headers }))).toEqual([401, "token_invalid"]);
  }
});
