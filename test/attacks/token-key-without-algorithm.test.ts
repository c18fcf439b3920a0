// Somebody who can write to the store takes `alg` out of a published key, or puts another one there, so that the header of a
// token decides what the key is used for: then its public half, which everybody has, is the secret of a MAC.
// SECURITY: AT2 (RFC 8725 §3.1, CVE-2026-22817, CVE-2026-22818).
import { createHmac, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { compact, forgingGateway, readToken } from "./forge.ts";
import { publishedKids, storeKey } from "./planted-key.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway();
const token = await freshToken(subject);
const { header, claims } = readToken(token);
const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const rsa = publicKey.export({ format: "jwk" });
const pem = publicKey.export({ type: "spki", format: "pem" });

test.each<[string, Readonly<Record<string, unknown>>]>([
  ["without alg", { ...rsa, use: "sig" }],
  ["with the alg of a MAC", { ...rsa, use: "sig", alg: "HS256" }],
  ["with a list", { ...rsa, use: "sig", alg: ["RS256", "HS256"] }],
  ["as a secret key", { kty: "oct", use: "sig", alg: "RS256", k: Buffer.from(pem).toString("base64url") }],
])("a key %s verifies nothing and is not published", async (name, jwk) => {
  const kid = `k_${name.replaceAll(" ", "_")}`;
  await storeKey(subject.store, { kid, alg: "RS256", jwk: { ...jwk, kid } });
  for (const alg of ["HS256", "RS256"]) {
    for (const secret of [pem, JSON.stringify({ ...jwk, kid })]) {
      await subject.advance(1001);
      const mac = (input: Buffer) => createHmac("sha256", secret).update(input).digest();
      await expectRefused(subject, compact({ ...header, kid, alg }, claims, mac));
    }
  }
  expect(await publishedKids(subject)).toEqual([forge.kid]);
  const told = (await subject.observed()).flatMap((event) => (event.kind === "internal_error" ? [event.where] : []));
  expect(told.filter((where) => where === `signing key ${kid}`)).toHaveLength(1);
  await expectAccepted(subject, token);
});
