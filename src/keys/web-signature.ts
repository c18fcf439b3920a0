import { importJWK } from "jose";
import type { SignatureCheck } from "./key-ring.ts";

const utf8 = new TextEncoder();

/** By WebCrypto, which every runtime has: each check is a promise. */
export const webSignatureCheck: SignatureCheck = {
  importKey: (jwk, alg) => importJWK({ ...jwk, kty: String(jwk.kty) }, alg),
  async verify({ alg, handle }, signingInput, signature) {
    if (!(handle instanceof CryptoKey)) throw new TypeError("the key was not imported by this check");
    return crypto.subtle.verify(PARAMETERS[alg], handle, Uint8Array.from(signature), utf8.encode(signingInput));
  },
};

const PARAMETERS = {
  ES256: { name: "ECDSA", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5" },
} as const;
