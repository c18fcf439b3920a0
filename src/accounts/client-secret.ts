import { encodeBase64url } from "../lib/base64url.ts";
import { sha256 } from "../lib/sha256.ts";

/** A new secret for a client: 256 random bits. The prefix lets scanners of repositories and logs know it. */
export const newClientSecret = (): string => `pcs_${encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))}`;

/** `sha256:` and the base64url of the secret's SHA-256. A plain hash is enough: the secret is random, there is nothing to guess. */
export async function hashSecret(secret: string): Promise<string> {
  return `sha256:${await sha256(secret)}`;
}

/** Whether a secret is the one that was hashed, in a time that does not depend on where they differ. */
export async function secretMatches(secretHash: string, secret: string): Promise<boolean> {
  const given = await hashSecret(secret);
  let difference = given.length ^ secretHash.length;
  for (let index = 0; index < given.length; index++)
    difference |= given.charCodeAt(index) ^ secretHash.charCodeAt(index);
  return difference === 0;
}
