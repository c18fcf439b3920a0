import { exportJWK, generateKeyPair } from "jose";
import { randomId } from "../lib/ids.ts";
import type { Algorithm } from "../protocol/claims.ts";
import type { KeyTimes } from "./plan.ts";
import type { SecretRing } from "./secrets.ts";
import type { StoredKey } from "./stored-key.ts";
import { wrap } from "./wrap.ts";

/** NIST SP 800-57 Part 1, table 2: 3072 bits for 128 bits of security, which the other algorithms have. */
const RSA_BITS = 3072;

/** Draws a key pair and wraps its private half under the present secret. */
export async function makeKey(alg: Algorithm, times: KeyTimes, secrets: SecretRing): Promise<StoredKey> {
  const kid = randomId();
  const pair = await generateKeyPair(alg, { extractable: true, modulusLength: RSA_BITS });
  const privateJwk = new TextEncoder().encode(JSON.stringify(await exportJWK(pair.privateKey)));
  const publicJwk = JSON.stringify({ ...(await exportJWK(pair.publicKey)), kid, alg, use: "sig" });
  return { kid, alg, publicJwk, ...(await wrap(kid, privateJwk, secrets)), ...times, revokedAt: null };
}
