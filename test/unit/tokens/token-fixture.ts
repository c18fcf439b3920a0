import { CompactSign, exportJWK, generateKeyPair } from "jose";
import type { KeyRing, VerifyKey } from "../../../src/keys/key-ring.ts";
import { uuidv7 } from "../../../src/lib/ids.ts";
import type { Algorithm } from "../../../src/protocol/claims.ts";
import { nodeSignatureCheck } from "../../../src/runtime/node/signature.ts";
import type { AccessGrant } from "../../../src/tokens/access-token.ts";

export const ISSUER = "https://app.example.com";
export const NOW = 1_800_000_000_500;
export const SUB = `u_${"a".repeat(22)}`;
export const SID = `s_${"b".repeat(22)}`;

export const personGrant: AccessGrant = {
  sub: SUB,
  name: "alice",
  sid: SID,
  clientId: "postern",
  issuedAt: NOW,
  authTime: NOW - 60_000,
  amr: ["pwd"],
  roles: ["user"],
  scopes: ["orders:read", "orders:write"],
  notAfter: null,
};

export const clientGrant: AccessGrant = {
  ...personGrant,
  ...{ sub: "c_reporting", clientId: "c_reporting", name: null, sid: null, authTime: null, amr: [], roles: [] },
};

/** Good claims for tests to spoil. */
export const personClaims = {
  iss: ISSUER,
  sub: SUB,
  aud: ISSUER,
  exp: Math.floor(NOW / 1000) + 300,
  iat: Math.floor(NOW / 1000),
  jti: uuidv7(NOW),
  client_id: "postern",
  scope: "orders:read",
  sid: SID,
  preferred_username: "alice",
  auth_time: Math.floor(NOW / 1000) - 60,
  amr: ["pwd"],
  roles: ["user"],
};

export interface TestKey extends Pick<KeyRing, "find" | "sign"> {
  readonly verifyKey: VerifyKey;
  /** Signs any bytes under any header with the right key. */
  signRaw(payload: string | Uint8Array, header?: Record<string, unknown>): Promise<string>;
  /** Whether the ring still has the key. */
  present: boolean;
}

export async function testKey(alg: Algorithm = "ES256", kid = "test-key"): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const jwk = { ...(await exportJWK(publicKey)) };
  const verifyKey: VerifyKey = { kid, alg, jwk, handle: await nodeSignatureCheck.importKey(jwk, alg) };
  const key: TestKey = {
    verifyKey,
    present: true,
    find: (asked) => (key.present && asked === kid ? verifyKey : null),
    signRaw: (payload, header = {}) =>
      new CompactSign(typeof payload === "string" ? new TextEncoder().encode(payload) : payload)
        .setProtectedHeader({ alg, kid, typ: "at+jwt", ...header })
        .sign(privateKey, { crit: { b64: true } }),
    sign: (typ, claims) => key.signRaw(JSON.stringify(claims), { typ }),
  };
  return key;
}
