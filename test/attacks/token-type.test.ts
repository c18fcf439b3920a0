// The attacker shows a token that the gateway's key has really signed, but for something else: an identity assertion that a
// service was sent, an ID token, a logout token, a DPoP proof, or one that does not say what it is.
// SECURITY: AT5 (RFC 9068 §4, RFC 8725 §3.11).
import { test } from "vitest";
import { forgingGateway } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway();
const token = await freshToken(subject);

test.each(["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])("typ %s is an access token", (typ) =>
  expectAccepted(subject, forge.like(token, { header: { typ } })),
);

test.each([
  "JWT",
  "jwt",
  "dpop+jwt",
  "logout+jwt",
  "identity+jwt",
  "secevent+jwt",
  "at+jwt ",
  " at+jwt",
  "xat+jwt",
  "at+jwtx",
  "at jwt",
  "text/at+jwt",
  "application/application/at+jwt",
  "application/at+jwt; charset=utf-8",
  "at+jwt\n",
  "",
  null,
  undefined,
  1,
  ["at+jwt"],
])("typ %j is none", (typ) => expectRefused(subject, forge.like(token, { header: { typ } })));

test("an identity assertion, as a service gets it, is no access token", async () => {
  await expectAccepted(subject, token);
  const assertion = subject.upstream.requests.at(-1)?.headers["x-auth-identity"];
  if (typeof assertion !== "string") throw new Error("the service got no assertion");
  await expectRefused(subject, assertion);
  // Even where the service's name were the gateway's own audience.
  await expectRefused(subject, forge.like(assertion, { claims: { aud: subject.config.audience } }));
});
