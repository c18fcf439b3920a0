import type { Algorithm } from "../protocol/claims.ts";

/** A signing key, its private half wrapped. Times are milliseconds since 1970 by the store's clock. */
export interface StoredKey {
  readonly kid: string;
  readonly alg: Algorithm;
  /** The public JWK as JSON text, with `kid`, `alg` and `use`. */
  readonly publicJwk: string;
  /** The private JWK, encrypted under a key derived from the secret that `secretId` names. */
  readonly wrappedPrivate: string;
  readonly secretId: string;
  readonly createdAt: number;
  /** Published from `createdAt`, signs from here. */
  readonly signsFrom: number;
  /** Stops signing here; the key is kept for verifying until `removeAt`. */
  readonly signsUntil: number;
  readonly removeAt: number;
  /** Null, or when it was revoked: from then on it neither signs nor verifies. */
  readonly revokedAt: number | null;
}
