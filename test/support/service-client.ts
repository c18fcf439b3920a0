import { createHash, randomBytes } from "node:crypto";

/** A service with a secret, as the configuration's `clients` names it. */
export function serviceClient(scopes: readonly string[]): {
  readonly id: string;
  readonly secret: string;
  readonly config: Readonly<Record<string, { readonly secretHash: string; readonly scopes: readonly string[] }>>;
} {
  const id = `c_${randomBytes(16).toString("base64url")}`;
  const secret = randomBytes(32).toString("base64url");
  const secretHash = `sha256:${createHash("sha256").update(secret).digest("base64url")}`;
  return { id, secret, config: { [id]: { secretHash, scopes } } };
}
