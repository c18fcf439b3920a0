// The attacker signs a token with a key of their own and lets its header say where the key is to be found: in the header itself
// (`jwk`, `x5c`), or on a server of theirs (`jku`, `x5u`), which would also make the gateway ask addresses that only it can reach.
// Nothing is believed, and nobody is asked.
// SECURITY: AT3 (RFC 8725 §3.10, ASVS 9.1.3).
import { generateKeyPairSync, sign } from "node:crypto";
import { request } from "undici";
import { expect, test } from "vitest";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { compact, forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway();
const canary = await startRecordingUpstream();
const token = await freshToken(subject);
const { header, claims } = readToken(token);
const { privateKey: key, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const own = { ...publicKey.export({ format: "jwk" }), kid: "attacker", alg: "ES256", use: "sig" };

const placed: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["jku", { jku: `${canary.url}/jwks.json` }],
  ["x5u", { x5u: `${canary.url}/chain.pem` }],
  ["jwk", { jwk: own }],
  ["x5c", { x5c: [publicKey.export({ type: "spki", format: "der" }).toString("base64")] }],
  ["x5t#S256", { "x5t#S256": "A".repeat(43) }],
  ["a kid that is a URL", { kid: `${canary.url}/key` }],
];

test("what the gateway's own key signs is accepted", () => expectAccepted(subject, forge.like(token)));

test.each(placed)("%s", async (_, members) => {
  const withKid = (kid: unknown) =>
    compact({ ...header, kid, ...members }, claims, (input) =>
      sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }),
    );
  await expectRefused(subject, withKid(header.kid));
  await expectRefused(subject, withKid("attacker"));
  await expectRefused(subject, withKid(undefined));
  // Signed by the right key: the member alone is enough to be refused.
  await expectRefused(subject, forge.like(token, { header: members }));
});

test("the address in the payload is not asked for keys either", async () => {
  const forged = compact({ ...header, kid: "attacker" }, { ...claims, iss: canary.url }, (input) =>
    sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }),
  );
  await expectRefused(subject, forged);
});

test("nobody has asked the attacker's server, which does answer", async () => {
  expect(canary.connections.length).toBe(0);
  await (await request(canary.url)).body.dump();
  expect(canary.connections.length).toBe(1);
});
