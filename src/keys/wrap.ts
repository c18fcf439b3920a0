import { CompactEncrypt, compactDecrypt } from "jose";
import type { SecretRing } from "./secrets.ts";

/** The private half of a key, encrypted, and the id of the secret that it is encrypted under. */
export interface Wrapped {
  readonly wrappedPrivate: string;
  readonly secretId: string;
}

const LABEL = "signing key";

/**
 * Encrypts bytes under the present secret: a compact JWE with A256GCM (RFC 7516). Its header names the key, and is
 * authenticated with it, so that one key's private half can't be put in another's place.
 */
export async function wrap(kid: string, bytes: Uint8Array, secrets: SecretRing): Promise<Wrapped> {
  const secretId = secrets.currentId;
  const key = await secrets.subkey(secretId, LABEL);
  if (key === null) throw new TypeError("a secret ring must know its own present secret");
  const header = { alg: "dir", enc: "A256GCM", kid } as const;
  return { wrappedPrivate: await new CompactEncrypt(bytes).setProtectedHeader(header).encrypt(key), secretId };
}

/** The bytes, or why there are none. */
export async function unwrap(
  kid: string,
  { wrappedPrivate, secretId }: Wrapped,
  secrets: SecretRing,
): Promise<Uint8Array | "unknown_secret" | "damaged"> {
  const key = await secrets.subkey(secretId, LABEL);
  if (key === null) return "unknown_secret";
  const algorithms = { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] };
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(wrappedPrivate, key, algorithms);
    return protectedHeader.kid === kid ? plaintext : "damaged";
  } catch {
    return "damaged";
  }
}
