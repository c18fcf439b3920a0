import type { Algorithm } from "../protocol/claims.ts";

/** A public key that tokens may name by `kid`. Used with exactly one algorithm (RFC 8725 §3.1). */
export interface VerifyKey {
  readonly kid: string;
  readonly alg: Algorithm;
  /** The public JWK, without private members. */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** The key in the form the runtime's signature check takes; made once at load. */
  readonly handle: unknown;
}

/** The keys as one gateway knows them; lookups never leave memory. */
export interface KeyRing {
  /** The key, or null when it is unknown, removed or revoked. */
  find(kid: string): VerifyKey | null;
  /** True when a look at the store could bring the key: at most once a cool-down (SECURITY AT12). */
  mayRefetch(): boolean;
  /**
   * Reads the keys again, makes the ones that are due, and rejects with a store error. Concurrent calls share one read; after a
   * failure, calls within the cool-down reject with the same error and do not ask the store.
   */
  refresh(): Promise<void>;
  /** Signs a compact JWS with the key that signs now: at once where there is one and the runtime can. */
  sign(typ: string, claims: object): string | Promise<string>;
  /** RFC 7517 key set: public halves of every key that is not revoked or removed, the not yet signing included. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] };
}

/** Checks a JWS signature: synchronous on Node, a promise on Workers. */
export interface SignatureCheck {
  importKey(jwk: Readonly<Record<string, unknown>>, alg: Algorithm): Promise<unknown>;
  verify(key: VerifyKey, signingInput: string, signature: Uint8Array): boolean | Promise<boolean>;
}
