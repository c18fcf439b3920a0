import { CompactSign, importJWK } from "jose";
import type { Algorithm } from "../protocol/claims.ts";

/** Makes a compact JWS (RFC 7515 §3.1): at once where the runtime can, else by a promise. */
export type SignJws = (header: JwsHeader, payload: string) => string | Promise<string>;

export interface JwsHeader {
  readonly alg: Algorithm;
  readonly kid: string;
  readonly typ: string;
}

/** Makes a private JWK ready to sign with one algorithm; rejects where it is none. */
export type ImportSigner = (jwk: Readonly<Record<string, unknown>>, alg: Algorithm) => Promise<SignJws>;

const utf8 = new TextEncoder();

/** By WebCrypto, which every runtime has. */
export const importWebSigner: ImportSigner = async (jwk, alg) => {
  const key = await importJWK({ ...jwk, kty: String(jwk.kty) }, alg, { extractable: false });
  if (!(key instanceof CryptoKey) || key.type !== "private") throw new TypeError("not a private key");
  return (header, payload) => new CompactSign(utf8.encode(payload)).setProtectedHeader({ ...header }).sign(key);
};
