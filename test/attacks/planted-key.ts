import type { Algorithm } from "../../src/protocol/claims.ts";
import type { Store } from "../../src/stores/store.ts";
import type { Browser } from "../support/http-client.ts";

/** A key that somebody with access to the store has put there. Its private half opens for nobody. */
export async function storeKey(
  store: Pick<Store, "keys" | "addKey">,
  key: { readonly kid: string; readonly alg: Algorithm; readonly jwk: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { keys, now } = await store.keys({});
  const newest = keys.reduce((best, other) => (other.createdAt > best.createdAt ? other : best));
  const createdAt = Math.max(now, newest.createdAt + 1);
  const added = await store.addKey({
    key: {
      kid: key.kid,
      alg: key.alg,
      publicJwk: JSON.stringify(key.jwk),
      ...{ wrappedPrivate: "none", secretId: newest.secretId, createdAt, signsFrom: createdAt },
      ...{ signsUntil: createdAt + 86_400_000, removeAt: createdAt + 2 * 86_400_000, revokedAt: null },
    },
    expectedNewest: newest.kid,
  });
  if (!added) throw new Error("the store did not take the key");
}

interface KeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

export async function publishedKeys(gateway: { browser(): Browser }): Promise<KeySet["keys"]> {
  return (await gateway.browser().fetch("/.well-known/jwks.json")).json<KeySet>().keys;
}

export const publishedKids = async (gateway: { browser(): Browser }): Promise<readonly unknown[]> =>
  (await publishedKeys(gateway)).map(({ kid }) => kid);
