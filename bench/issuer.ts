import { exportJWK, exportSPKI, generateKeyPair, type JWK } from "jose";
import type { SignJws } from "../src/keys/signer.ts";
import { importNodeSigner } from "../src/runtime/node/signer.ts";

export const ISSUER = "https://issuer.bench.example";

/** How many users call in the main row. */
export const USERS = 8;

/** Signs tokens like Postern's for the gateways that only verify. */
export interface Issuer {
  readonly publicJwk: JWK;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicPem: string;
  readonly tokens: (count: number) => Promise<readonly string[]>;
}

export async function createIssuer(alg: "ES256" | "RS256"): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const signer = await importNodeSigner({ ...(await exportJWK(privateKey)) }, alg);
  return {
    publicJwk: { ...(await exportJWK(publicKey)), alg, use: "sig", kid: "bench" },
    publicPem: await exportSPKI(publicKey),
    tokens: async (count) => Promise.all(Array.from({ length: count }, () => sign(alg, signer))),
  };
}

function sign(alg: "ES256" | "RS256", signer: SignJws): string | Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    sub: `u_${crypto.randomUUID().slice(0, 22)}`,
    aud: ISSUER,
    exp: iat + 3600,
    iat,
    jti: crypto.randomUUID(),
    client_id: "postern",
    scope: "orders:read orders:write",
    sid: `s_${crypto.randomUUID().slice(0, 22)}`,
    preferred_username: "somebody",
    auth_time: iat,
    amr: ["pwd"],
    roles: ["user"],
  };
  return signer({ alg, typ: "at+jwt", kid: "bench" }, JSON.stringify(claims));
}
