import type { Algorithm } from "../protocol/claims.ts";
import type { SignatureCheck, VerifyKey } from "./key-ring.ts";
import { type PublicJwk, readPublicJwk } from "./public-jwk.ts";
import type { SecretRing } from "./secrets.ts";
import { type ImportSigner, importWebSigner, type SignJws } from "./signer.ts";
import type { StoredKey } from "./stored-key.ts";
import { unwrap } from "./wrap.ts";

/** A key in memory. */
export interface LoadedKey {
  readonly stored: StoredKey;
  readonly verifyKey: VerifyKey;
  /** Null where the private half can't be had: the key verifies and does not sign. */
  readonly signer: SignJws | null;
}

export interface LoadContext {
  readonly secrets: SecretRing;
  readonly signature: SignatureCheck;
  /** WebCrypto's by default. */
  readonly importSigner?: ImportSigner;
  /** Told what is wrong with a key, in words that hold no part of it. */
  readonly report: (kid: string, problem: string) => void;
}

/** Checks and imports a key. Null when it must not be used at all; `report` says why. */
export async function loadKey(stored: StoredKey, context: LoadContext): Promise<LoadedKey | null> {
  const { kid, alg } = stored;
  const read = readPublicJwk(stored.publicJwk, kid, alg);
  if (!read.ok) {
    context.report(kid, `the public key ${read.problem}`);
    return null;
  }
  try {
    const handle = await context.signature.importKey(read.jwk, alg);
    return {
      stored,
      verifyKey: { kid, alg, jwk: read.jwk, handle },
      signer: await loadSigner(stored, read.jwk, context),
    };
  } catch {
    context.report(kid, "the public key cannot be imported");
    return null;
  }
}

async function loadSigner(stored: StoredKey, publicJwk: PublicJwk, context: LoadContext): Promise<SignJws | null> {
  const bytes = await unwrap(stored.kid, stored, context.secrets);
  if (bytes === "unknown_secret") {
    context.report(stored.kid, "no known secret opens the private key: it verifies and does not sign");
    return null;
  }
  const signer =
    bytes === "damaged" ? null : await signerOf(bytes, stored.alg, publicJwk, context.importSigner ?? importWebSigner);
  if (signer === null) context.report(stored.kid, "the private key is damaged: it verifies and does not sign");
  return signer;
}

async function signerOf(
  bytes: Uint8Array,
  alg: Algorithm,
  publicJwk: PublicJwk,
  importSigner: ImportSigner,
): Promise<SignJws | null> {
  try {
    const jwk: Record<string, unknown> = JSON.parse(new TextDecoder().decode(bytes));
    // The public half stands in the clear: whoever can write to the store must not be able to put another in its place.
    if (["kty", "crv", "x", "y", "n", "e"].some((name) => jwk[name] !== publicJwk[name])) return null;
    return await importSigner(jwk, alg);
  } catch {
    return null;
  }
}
