// The attacker asks the revocation endpoint about tokens to learn which of them exist. What is unknown, garbage, expired or
// revoked already gets the one answer that a token which has just been revoked gets, and nothing happens.
// SECURITY: RV1 (RFC 7009 §2.2).
import { expect, test } from "vitest";
import { forgingGateway } from "./forge.ts";
import { revoke } from "./oauth-calls.ts";
import { freshToken } from "./shown-access-token.ts";
import { loginInBody } from "./shown-token.ts";

const { subject, forge } = await forgingGateway();
const browser = subject.browser();

const seen = async (token: string) => {
  const { status, text, headers } = await revoke(browser, token);
  const { date: _, ...rest } = headers;
  return { status, text, headers: rest };
};

test("every token gets the same answer, to the last header", async () => {
  const access = await freshToken(subject);
  const expired = await freshToken(subject);
  const refresh = await loginInBody(subject.browser());
  const real = await seen(access);
  expect(real).toMatchObject({ status: 200, text: "" });
  expect(real.headers["cache-control"]).toBe("no-store");
  expect(await seen(refresh)).toEqual(real);
  subject.advance(10 * 60_000);
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
  // The refresh token was shown twice: a session that has ended is published again.
  expect(entries.map(({ target }) => target.kind).toSorted()).toEqual(["session", "session", "token"]);
});

test("only POST is understood, and only a form", async () => {
  for (const method of ["GET", "PUT", "DELETE", "HEAD"]) {
    const answer = await browser.fetch("/oauth/revoke?token=x&client_id=postern", { method });
    expect([answer.status, answer.headers.allow], method).toEqual([405, "POST"]);
  }
  expect((await browser.fetch("/oauth/revoke", { json: { token: "x", client_id: "postern" } })).status).toBe(400);
});
