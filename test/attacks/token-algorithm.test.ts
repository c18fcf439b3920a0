// The attacker writes a token for another user and lets its header choose how it is to be checked: not at all (`none` in any
// case), with a MAC whose key is the gateway's public key in one of the forms in which it is to be had, or with a key of the
// attacker's own under another algorithm.
// SECURITY: AT1 (RFC 8725 §3.1, ASVS 9.1.2).
import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { expect, test } from "vitest";
import { compact, forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway();
const token = await freshToken(subject);
const { header, claims } = readToken(token);
const wanted = { ...claims, roles: ["admin"] };

test("what the gateway's own key signs is accepted", () => expectAccepted(subject, forge.like(token)));

test.each(["none", "None", "NONE", "nOnE", ""])("alg %j without a signature", async (alg) => {
  const unsigned = compact({ ...header, alg }, wanted, () => new Uint8Array());
  await expectRefused(subject, unsigned);
  await expectRefused(subject, unsigned.slice(0, -1));
  const [, , signature = ""] = token.split(".");
  await expectRefused(subject, unsigned + signature);
});

const jwk = { kty: "EC", crv: "P-256", x: String(forge.publicJwk.x), y: String(forge.publicJwk.y) };
const publicKey = createPublicKey({ key: jwk, format: "jwk" });
const forms: readonly (readonly [string, Buffer])[] = [
  ["PEM", Buffer.from(publicKey.export({ type: "spki", format: "pem" }))],
  ["PEM without its last newline", Buffer.from(publicKey.export({ type: "spki", format: "pem" }).toString().trim())],
  ["DER", publicKey.export({ type: "spki", format: "der" })],
  ["the JWK", Buffer.from(JSON.stringify(jwk))],
  ["the JWK as it is published", Buffer.from(JSON.stringify(forge.publicJwk))],
  ["x", Buffer.from(jwk.x, "base64url")],
  ["the point", Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x, "base64url"), Buffer.from(jwk.y, "base64url")])],
  ["nothing", Buffer.alloc(0)],
];

test.each(forms)("a MAC under the public key as %s", async (_, secret) => {
  for (const [alg, hash] of [
    ["HS256", "sha256"],
    ["HS384", "sha384"],
    ["HS512", "sha512"],
    // The header may name the right algorithm, too.
    ["ES256", "sha256"],
  ] as const) {
    const forged = compact({ ...header, alg }, wanted, (input) => createHmac(hash, secret).update(input).digest());
    await expectRefused(subject, forged, "token_invalid", alg);
  }
});

test("another algorithm under the name of the gateway's key", async () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const ed25519 = generateKeyPairSync("ed25519").privateKey;
  for (const alg of ["RS256", "PS256", "RS512", "ES256"]) {
    await expectRefused(
      subject,
      compact({ ...header, alg }, wanted, (input) => sign("sha256", input, rsa)),
    );
  }
  await expectRefused(
    subject,
    compact({ ...header, alg: "EdDSA" }, wanted, (input) => sign(null, input, ed25519)),
  );
});

test.each(["RS256", "EdDSA", "HS256", "es256", "ES256K", "ES384", " ES256", ["ES256"], null, undefined, 256])(
  "a good signature under alg %j",
  async (alg) => {
    await expectRefused(subject, forge.like(token, { header: { alg } }));
  },
);

test("a signature by the right algorithm and the wrong key", async () => {
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const forged = compact(header, wanted, (input) => sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }));
  await expectRefused(subject, forged);
  // CVE-2022-21449: both halves of the signature zero.
  await expectRefused(
    subject,
    compact(header, wanted, () => new Uint8Array(64)),
  );
  expect((await subject.observed()).filter(({ kind }) => kind === "internal_error")).toEqual([]);
});
