// Somebody who can write to the store puts a key there with which anybody can sign: RSA of 1024 bits, with the exponent 1 (then
// every text is its own signature), on another curve, on no curve at all, or one whose private half stands in the open.
// The gateway must not use it, must say so, and must go on with the keys that are sound. (Keys of the flawed generator of
// CVE-2017-15361 are in unit/keys/public-jwk.)
// SECURITY: AT19 (RFC 8725 §3.5, Wycheproof JWK 7-12 and 16-18).
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { expect, test } from "vitest";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { compact, readToken } from "./forge.ts";
import { publishedKeys, storeKey } from "./planted-key.ts";
import { told } from "./shown-token.ts";

const upstream = await startDemoUpstream();
const config = {
  ...{ roles: ROLES, upstreams: { orders: { targets: [upstream.url] } } },
  routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
};
const before = await startGateway(config);
await before.addUser(ALICE.name, ALICE.password, ["user"]);
const login = new Browser(before.url);
await login.login(ALICE.name, ALICE.password);
const good = login.accessToken ?? "";
const { header, claims } = readToken(good);
await before.stop();

const sound = generateKeyPairSync("rsa", { modulusLength: 2048 });
const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const open = generateKeyPairSync("ec", { namedCurve: "P-256" });
const soundJwk = sound.publicKey.export({ format: "jwk" });

/** RS256 under the exponent 1: the padded digest itself (RFC 8017 §9.2). */
function signatureOfExponentOne(input: Buffer): Uint8Array {
  const info = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const digest = createHash("sha256").update(input).digest();
  const fill = Buffer.alloc(256 - 3 - info.length - digest.length, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), fill, Buffer.from([0]), info, digest]);
}
const rs256 = (key: KeyObject) => (input: Buffer) => sign("sha256", input, key);
const es256 = (key: KeyObject) => (input: Buffer) => sign("sha256", input, { key, dsaEncoding: "ieee-p1363" });

interface WeakKey {
  readonly kid: string;
  readonly alg: "RS256" | "ES256";
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly signer: (input: Buffer) => Uint8Array;
  readonly problem: string;
}
const weak: readonly WeakKey[] = [
  {
    ...{
      kid: "k_small",
      alg: "RS256",
      jwk: small.publicKey.export({ format: "jwk" }),
      signer: rs256(small.privateKey),
    },
    problem: "has 1024 bits, not 2048 to 8192",
  },
  {
    ...{ kid: "k_exponent_one", alg: "RS256", jwk: { ...soundJwk, e: "AQ" }, signer: signatureOfExponentOne },
    problem: "has a weak public exponent",
  },
  {
    ...{ kid: "k_even", alg: "RS256", jwk: { ...soundJwk, e: "AQAC" }, signer: rs256(sound.privateKey) },
    problem: "has a weak public exponent",
  },
  {
    ...{ kid: "k_open", alg: "ES256", jwk: open.privateKey.export({ format: "jwk" }), signer: es256(open.privateKey) },
    problem: "has private members",
  },
  {
    ...{ kid: "k_p384", alg: "ES256", jwk: p384.publicKey.export({ format: "jwk" }), signer: es256(p384.privateKey) },
    problem: "is not on the curve P-256",
  },
  {
    ...{ kid: "k_off_curve", alg: "ES256", signer: () => new Uint8Array(64) },
    jwk: { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) },
    problem: "cannot be imported",
  },
];

const store = await before.openStore();
for (const { kid, alg, jwk } of weak) await storeKey(store, { kid, alg, jwk: { ...jwk, kid, alg, use: "sig" } });
await store.close();
const gateway = await startGateway({ ...config, issuer: before.issuer }, { like: before });
const browser = (): Browser => new Browser(gateway.url);
const show = (token: string) => browser().fetch("/api/orders", { headers: { authorization: `Bearer ${token}` } });

test.each(weak)(
  "$kid: refused at load, said once, and nothing that it signs passes",
  async ({ kid, alg, signer, problem }) => {
    expect(told(await show(compact({ ...header, alg, kid }, claims, signer)))).toEqual([401, "token_invalid"]);
    const lines = gateway
      .logs()
      .split("\n")
      .filter((line) => line.includes(`"signing key ${kid}"`));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(problem);
  },
);

test("the sound key goes on: an older token is good, and new ones are signed", async () => {
  expect((await show(good)).status).toBe(200);
  const again = browser();
  expect((await again.login(ALICE.name, ALICE.password)).status).toBe(200);
  expect((await again.api("/api/orders")).status).toBe(200);
  expect(readToken(again.accessToken ?? "").header.kid).toBe(header.kid);
});

test("the key set shows the sound key alone, without any private member", async () => {
  const keys = await publishedKeys({ browser });
  expect(keys.map(({ kid }) => kid)).toEqual([header.kid]);
  expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
});

test("no private half of any key stands in the log", () => {
  const { d } = createPrivateKey(open.privateKey.export({ type: "pkcs8", format: "pem" })).export({ format: "jwk" });
  expect(d).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(gateway.logs()).not.toContain(d);
});
