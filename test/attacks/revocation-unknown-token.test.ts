// The attacker asks the revocation endpoint about tokens to learn which of them exist. What is unknown, garbage, expired or
// revoked already gets the one answer that a token which has just been revoked gets, and nothing happens.
// SECURITY: RV1 (RFC 7009 §2.2).
import { expect, test } from "vitest";
import { forgingGateway, readToken } from "./forge.ts";
import { revoke } from "./oauth-calls.ts";
import { freshToken } from "./shown-access-token.ts";
import { loginInBody } from "./shown-token.ts";

const { subject, forge } = await forgingGateway();
const browser = subject.browser();

const claimsOf = (token: string) => readToken(token).claims;
/** What the tokens are named that were known and good when they were shown. */
let known: { readonly jti: unknown; readonly sid: unknown };

const seen = async (token: string) => {
  const { status, text, headers } = await revoke(browser, token);
  const { date: _, ...rest } = headers;
  return { status, text, headers: rest };
};

test("every token gets the same answer, to the last header", async () => {
  const access = await freshToken(subject);
  const expired = await freshToken(subject);
  const native = subject.browser();
  const refresh = await loginInBody(native);
  known = { jti: claimsOf(access).jti, sid: claimsOf(native.accessToken ?? "").sid };
  const real = await seen(access);
  expect(real).toMatchObject({ status: 200, text: "" });
  expect(real.headers["cache-control"]).toBe("no-store");
  expect(await seen(refresh)).toEqual(real);
  await subject.advance(10 * 60_000);
  const strange = [
    "x",
    "a.b.c",
    "prt1.b.x.y.z",
    " ",
    "\u0000",
    "ключ",
    "A".repeat(20_000),
    `${access}A`,
    access.slice(1),
  ];
  const forged = [forge.like(access, { claims: { jti: "nobody's" } }), forge.like(access, { header: { typ: "JWT" } })];
  for (const token of [...strange, ...forged, access, expired, refresh, `${refresh}A`]) {
    expect(await seen(token), token.slice(0, 40)).toEqual(real);
  }
});

test("nothing was published for any of the unknown ones", async () => {
  const { entries } = await subject.store.readFeed({ after: null, limit: 1000 });
  // A store may have dropped the entries whose tokens have all expired; the refresh token's second showing is younger.
  expect(entries.map(({ target }) => target)).toContainEqual({ kind: "session", sid: known.sid });
  for (const { target } of entries)
    expect([
      { kind: "token", jti: known.jti },
      { kind: "session", sid: known.sid },
    ]).toContainEqual(target);
});
