import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { ImportSigner, JwsHeader } from "../../keys/signer.ts";
import { ecdsaFromDer } from "../../lib/ecdsa-signature.ts";
import type { Algorithm } from "../../protocol/claims.ts";

/**
 * Signs synchronously: WebCrypto hands each signature to the thread pool, which costs as much again as the signature, and where it
 * queues behind password hashes.
 */
export const importNodeSigner: ImportSigner = async (jwk, alg) => {
  const key = createPrivateKey({ key: { ...jwk }, format: "jwk" });
  /** Few: a key has one name, and signs a few types. */
  const headers = new Map<string, { readonly header: JwsHeader; readonly part: string }>();

  function headerPart(header: JwsHeader): string {
    const known = headers.get(header.typ);
    if (known?.header.kid === header.kid && known.header.alg === header.alg) return known.part;
    const part = base64url(JSON.stringify(header));
    headers.set(header.typ, { header, part });
    return part;
  }

  return (header, payload) => {
    const input = `${headerPart(header)}.${base64url(payload)}`;
    // Latin-1 is exact: the signing input is base64url and dots.
    return `${input}.${toBase64url(signature(alg, Buffer.from(input, "latin1"), key))}`;
  };
};

const base64url = (text: string): string => Buffer.from(text).toString("base64url");

const toBase64url = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString("base64url");

function signature(alg: Algorithm, input: Buffer, key: KeyObject): Uint8Array {
  switch (alg) {
    case "ES256":
      // Not by `dsaEncoding: "ieee-p1363"`, for which Node takes 26 µs a signature.
      return ecdsaFromDer(sign("sha256", input, key));
    case "EdDSA":
      return sign(null, input, key);
    case "RS256":
      return sign("sha256", input, key);
  }
}
