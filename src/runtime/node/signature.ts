import { createPublicKey, KeyObject, verify } from "node:crypto";
import type { SignatureCheck, VerifyKey } from "../../keys/key-ring.ts";
import { ecdsaToDer } from "../../lib/ecdsa-signature.ts";

/**
 * Checks signatures synchronously, so that a decision needs no promise and no place in the thread pool. ES256 signatures are
 * accepted in both spellings, (r, s) and (r, n-s): signers don't normalise s, and nothing of ours is keyed by a signature.
 */
export const nodeSignatureCheck: SignatureCheck = {
  importKey: async (jwk) => createPublicKey({ key: { ...jwk }, format: "jwk" }),
  verify(key, signingInput, signature) {
    const { handle } = key;
    if (!(handle instanceof KeyObject)) throw new TypeError("the key was not imported by this check");
    // Latin-1 is exact: the signing input is base64url and dots.
    return check(key.alg, Buffer.from(signingInput, "latin1"), handle, signature);
  },
};

function check(alg: VerifyKey["alg"], input: Buffer, key: KeyObject, signature: Uint8Array): boolean {
  switch (alg) {
    case "ES256": {
      // Not by `dsaEncoding: "ieee-p1363"`, for which Node takes 26 µs a signature.
      const der = ecdsaToDer(signature);
      return der !== null && verify("sha256", input, key, der);
    }
    case "EdDSA":
      return verify(null, input, key, signature);
    case "RS256":
      return verify("sha256", input, key, signature);
  }
}
