import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";

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
  return {
    publicJwk: { ...(await exportJWK(publicKey)), alg, use: "sig", kid: "bench" },
    publicPem: await exportSPKI(publicKey),
    async tokens(count) {
      const tokens: string[] = [];
      while (tokens.length < count) tokens.push(await sign(alg, privateKey));
      return tokens;
    },
  };
}

const sign = (alg: string, key: CryptoKey): Promise<string> =>
  new SignJWT({
    client_id: "postern",
    scope: "orders:read orders:write",
    sid: `s_${crypto.randomUUID().slice(0, 22)}`,
    auth_time: Math.floor(Date.now() / 1000),
    amr: ["pwd"],
    roles: ["user"],
  })
    .setProtectedHeader({ alg, typ: "at+jwt", kid: "bench" })
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setSubject(`u_${crypto.randomUUID().slice(0, 22)}`)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(key);
