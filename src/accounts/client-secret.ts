import { decodeBase64url, encodeBase64url } from "../lib/base64url.ts";

/** A new secret for a client: 256 random bits. The prefix lets scanners of repositories and logs know it. */
export const newClientSecret = (): string => `pcs_${encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))}`;

/** `sha256:` and the base64url of the secret's SHA-256. A plain hash is enough: the secret is random, there is nothing to guess. */
export async function hashSecret(secret: string): Promise<string> {
  return `sha256:${encodeBase64url(await sha256(secret))}`;
}

/** Whether a secret is the one that was hashed, in a time that does not depend on where they differ. */
export async function secretMatches(secretHash: string, secret: string): Promise<boolean> {
  const expected = secretHash.startsWith("sha256:") ? decodeBase64url(secretHash.slice("sha256:".length)) : null;
  const given = await sha256(secret);
  if (expected === null || expected.length !== given.length) return false;
  let difference = 0;
  for (const [index, byte] of given.entries()) difference |= byte ^ (expected[index] as number);
  return difference === 0;
}

const sha256 = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
