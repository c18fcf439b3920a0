// A flood of tokens that nobody has issued: what is not signed by a key of ours costs less than a good token does, and nothing is kept of it.
// SECURITY: F31. What the store is asked meanwhile: attacks/token-unknown-key.
import { randomBytes } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { randomId } from "../../../src/lib/ids.ts";
import { nodeSignatureCheck } from "../../../src/runtime/node/signature.ts";
import type { AccessTokens } from "../../../src/tokens/access-token.ts";
import { createAccessTokens } from "../../../src/tokens/access-tokens.ts";
import { ISSUER, NOW, personClaims, type TestKey, testKey } from "./token-fixture.ts";

const FLOOD = 1_000;

let ours: TestKey;
let theirs: TestKey;
let good: string;
let checks = 0;
let tokens: AccessTokens;

beforeAll(async () => {
  ours = await testKey();
  theirs = await testKey("ES256", "theirs");
  good = await ours.signRaw(JSON.stringify(personClaims));
});
/** It has room for one token, and holds the good one. */
beforeEach(() => {
  tokens = createAccessTokens({
    ...{ keyRing: ours, issuer: ISSUER, audience: ISSUER, ttl: 300_000, cache: { maxEntries: 2, maxBytes: 1_000_000 } },
    signature: {
      importKey: nodeSignatureCheck.importKey,
      verify(...args) {
        checks += 1;
        return nodeSignatureCheck.verify(...args);
      },
    },
  });
  expect(tokens.verify(good, NOW)).toMatchObject({ ok: true });
  checks = 0;
});

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const HEADER = { alg: "ES256", typ: "at+jwt", kid: "test-key" };
const SIGNATURE = randomBytes(64).toString("base64url");
const withHeader = (header: object): string => `${encoded(header)}.${encoded(personClaims)}.${SIGNATURE}`;

test.each<[string, number, () => string]>([
  ["of keys that nobody has", 0, () => withHeader({ ...HEADER, kid: randomId() })],
  ["of 8 kB of anything", 0, () => randomBytes(6_000).toString("base64url").slice(0, 8_000)],
  [
    "of 8 kB in three parts",
    0,
    () => [2_600, 2_600, 64].map((size) => randomBytes(size).toString("base64url")).join("."),
  ],
  ["that are too long", 0, () => `${encoded(HEADER)}.${randomBytes(7_000).toString("base64url")}.${SIGNATURE}`],
  ["of another algorithm", 0, () => withHeader({ ...HEADER, alg: "HS256" })],
  ["of another type", 0, () => withHeader({ ...HEADER, typ: "JWT" })],
  ["spelled otherwise", 0, () => `${good}=`],
  // As much as the first time of a good one, and never more.
  [
    "with a signature that is none",
    1,
    () => `${encoded(HEADER)}.${encoded({ ...personClaims, jti: randomId() })}.${SIGNATURE}`,
  ],
])("tokens %s: signatures checked for each: %d", (_what, expected, forge) => {
  const count = expected === 0 ? FLOOD : 50;
  for (let time = 0; time < count; time++) expect(tokens.verify(forge(), NOW)).toMatchObject({ ok: false });
  expect(checks).toBe(expected * count);
  // The good one has not been put out by any of them.
  expect(tokens.verify(good, NOW)).toMatchObject({ ok: true });
  expect(checks).toBe(expected * count);
});

test("nor is a token kept that is rightly signed and no good", async () => {
  const expired = await ours.signRaw(JSON.stringify({ ...personClaims, exp: Math.floor(NOW / 1000) - 1 }));
  const foreign = await ours.signRaw(JSON.stringify({ ...personClaims, iss: "https://other.example" }));
  const unknown = await theirs.signRaw(JSON.stringify(personClaims));
  for (let time = 0; time < 100; time++) {
    for (const token of [expired, foreign, unknown]) expect(tokens.verify(token, NOW)).toMatchObject({ ok: false });
  }
  checks = 0;
  expect(tokens.verify(good, NOW)).toMatchObject({ ok: true });
  expect(checks).toBe(0);
});
