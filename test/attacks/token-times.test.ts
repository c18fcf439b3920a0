// The attacker has a token whose times let it live for ever, or again: without an end, with one that is no number, with one that
// compares as true with everything, or one from the future, kept for the day on which it is wanted.
// SECURITY: AT7 (RFC 9068 §4, ASVS 9.2.1).
import { expect, test } from "vitest";
import { forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken, showToken } from "./shown-access-token.ts";
import { told } from "./shown-token.ts";

const { subject, forge } = await forgingGateway();
const token = await freshToken(subject);
const { exp, iat } = readToken(token).claims as { readonly exp: number; readonly iat: number };
const withClaims = (claims: Readonly<Record<string, unknown>>): string => forge.like(token, { claims });

test("nbf in the past, or within what clocks differ, is fine", async () => {
  await expectAccepted(subject, withClaims({ nbf: iat }));
  await expectAccepted(subject, withClaims({ nbf: iat + 20 }));
});

test.each(["exp", "iat", "nbf", "auth_time"])("a %s that is no time", async (name) => {
  const strange = [null, "", String(exp), "9".repeat(400), "never", 1e300, -1, 0, 0.5, exp + 0.5, true, [exp], { exp }];
  for (const value of [...strange, 2 ** 53, -exp, `${exp}\u0000`, "Infinity"]) {
    await expectRefused(subject, withClaims({ [name]: value }), "token_invalid", `${name}: ${JSON.stringify(value)}`);
  }
});

test.each(["exp", "iat", "auth_time"])("a token without %s", (name) =>
  expectRefused(subject, withClaims({ [name]: undefined })),
);

test.each(["nbf", "iat", "auth_time"])("a token whose %s is in the future", async (name) => {
  for (const ahead of [60, 3600, 10 * 365 * 86_400]) {
    await expectRefused(subject, withClaims({ [name]: Math.floor(subject.now() / 1000) + ahead }));
  }
});

test("numbers that JSON can say and JavaScript cannot hold", async () => {
  const { header, claims } = readToken(token);
  const text = JSON.stringify({ ...claims, exp: 0 });
  for (const value of ["1e999", "-1e999", "99999999999999999999", "1e-5", "-0", "0x7fffffff", "NaN", "Infinity"]) {
    const odd = forge.sign(header, text.replace('"exp":0', `"exp":${value}`));
    await expectRefused(subject, odd, "token_invalid", value);
  }
});

test("the end is the end: no tolerance, whether or not the token had been seen before", async () => {
  const seen = await freshToken(subject);
  const unseen = await freshToken(subject);
  const ends = Number(readToken(seen).claims.exp) * 1000;
  await expectAccepted(subject, seen);
  await subject.advance(ends - subject.now() - 5000);
  await expectAccepted(subject, seen);
  await subject.advance(ends - subject.now());
  await expectRefused(subject, seen, "token_expired");
  await expectRefused(subject, withClaims({ exp: Math.floor(subject.now() / 1000) }), "token_expired");
  await expectRefused(subject, withClaims({ exp: 1 }), "token_expired");
  await subject.advance(60_000);
  expect(told(await showToken(subject, unseen))).toEqual([401, "token_expired"]);
});
