import { createSecretRing } from "../src/keys/secrets.ts";
import { createKeyRing } from "../src/keys/stored-key-ring.ts";
import { newId } from "../src/lib/ids.ts";
import { nodeSignatureCheck } from "../src/runtime/node/signature.ts";
import { importNodeSigner } from "../src/runtime/node/signer.ts";
import type { Store } from "../src/stores/store.ts";
import { createAccessTokens } from "../src/tokens/access-tokens.ts";

const DAY = 24 * 60 * 60 * 1000;
const HOUR = 60 * 60 * 1000;

export type Mint = (count: number) => Promise<readonly string[]>;

/** Issues access tokens of as many users and sessions as a gateway on this store would, without asking one. */
export async function mintOn(
  store: Store,
  gateways: { readonly issuer: string; readonly secret: string },
): Promise<Mint> {
  const { issuer, secret } = gateways;
  const keyRing = createKeyRing({
    ...{ store, now: Date.now, alg: "ES256", accessTtl: HOUR, rotateEvery: 30 * DAY, publishAhead: HOUR },
    secrets: await createSecretRing({ secret, previous: null }),
    ...{ signature: nodeSignatureCheck, importSigner: importNodeSigner },
    report: (kid, problem) => {
      throw new Error(`signing key ${kid}: ${problem}`);
    },
  });
  await keyRing.refresh();
  const claims = { issuer, audience: issuer, ttl: HOUR };
  const tokens = createAccessTokens({ ...claims, keyRing, signature: nodeSignatureCheck });
  return async (count) => {
    const minted: string[] = [];
    while (minted.length < count) {
      const issuedAt = Date.now();
      const person = { sub: newId("u"), name: "somebody", sid: newId("s"), clientId: "postern" };
      const login = { authTime: issuedAt, amr: ["pwd"], roles: ["user"], scopes: ["orders:read", "orders:write"] };
      minted.push((await tokens.issue({ ...person, ...login, issuedAt, notAfter: null })).token);
    }
    return minted;
  };
}
