// The attacker has a token of another issuer, or for another service, whose key is the same as ours or is taken for it; or one
// whose `iss` or `aud` is almost the right one.
// SECURITY: AT6 (RFC 9068 §4, RFC 8725 §3.8 and §3.9, ASVS 9.2.3).
import { expect, test } from "vitest";
import { forgingGateway } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway({ audience: "https://api.example.com/orders" });
const token = await freshToken(subject);
const { issuer, audience } = subject.config;

test.each<readonly string[]>([[audience], ["https://other.example.com", audience], [audience, audience]])(
  "an audience that names us is ours",
  (...aud) => expectAccepted(subject, forge.like(token, { claims: { aud } })),
);

test.each([
  `${issuer}/`,
  issuer.toUpperCase(),
  issuer.replace("http:", "https:"),
  issuer.replace("127.0.0.1", "localhost"),
  `${issuer}/.`,
  `${issuer}?`,
  `${issuer}#`,
  ` ${issuer}`,
  `${issuer}\u0000`,
  issuer.slice(0, -1),
  "https://evil.example.com",
  "",
  null,
  undefined,
  [issuer],
  { iss: issuer },
])("iss %j is not ours", (iss) => expectRefused(subject, forge.like(token, { claims: { iss } })));

test.each([
  `${audience}/`,
  audience.toUpperCase(),
  audience.slice(0, -1),
  `${audience} `,
  `https://other.example.com ${audience}`,
  `https://other.example.com,${audience}`,
  issuer,
  "orders",
  "",
  [],
  [issuer],
  [[audience]],
  ["https://other.example.com"],
  [audience, 1],
  [audience, null],
  { 0: audience },
  null,
  undefined,
  true,
])("aud %j is not ours", (aud) => expectRefused(subject, forge.like(token, { claims: { aud } })));

test("only the first tokens have reached the service", () => {
  expect(subject.upstream.requests.length).toBe(3);
});
