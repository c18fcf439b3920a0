import type { VerifyKey } from "../keys/key-ring.ts";
import { type CacheBounds, GenerationCache } from "./generation-cache.ts";
import type { Principal } from "./principal.ts";

/** A token whose signature and claims were right, and the key that it was checked with. */
export interface VerifiedToken<T = Principal> {
  /** The answer to give while it lives, so that a hit makes no object. */
  readonly verified: { readonly ok: true; readonly principal: T };
  readonly key: VerifyKey;
  readonly token: string;
}

/**
 * Tokens that have been verified, by their complete text: a key made of less (`jti`, `kid`, the payload) would let a forged
 * signature hit. Nothing in it is good by itself: whoever hits still checks `exp`, the key and the revocation view.
 */
export interface VerifiedCache<T = Principal> {
  get(token: string): VerifiedToken<T> | undefined;
  set(entry: VerifiedToken<T>): void;
  delete(entry: VerifiedToken<T>): void;
  readonly size: number;
  /** An estimate. */
  readonly bytes: number;
}

export const DEFAULT_BOUNDS: CacheBounds = { maxEntries: 100_000, maxBytes: 64 * 1024 * 1024 };

/** Of a signature: as good as random, so that no two tokens share it in practice. Those that do put each other out. */
const TAIL = 43;

/**
 * Where a token is looked for. Each request brings its token as a new string, of which a Map hashes every character: its end is
 * hashed instead, and what is found there is compared in full.
 */
const tailOf = (token: string): string => token.slice(-TAIL);

/** Errs on the high side: an entry with a token of 629 characters takes 1377 bytes on Node 24. */
const OVERHEAD = 512;

export function createVerifiedCache<T = Principal>(bounds: CacheBounds = DEFAULT_BOUNDS): VerifiedCache<T> {
  const cache = new GenerationCache<string, VerifiedToken<T>>(bounds);
  return {
    get(token) {
      const found = cache.get(tailOf(token));
      return found?.token === token ? found : undefined;
    },
    // A token is ASCII, of one byte a character, and its claims hold at most what its text does.
    set: (entry) => cache.set(tailOf(entry.token), entry, 2 * entry.token.length + OVERHEAD),
    delete: (entry) => cache.delete(tailOf(entry.token)),
    get size() {
      return cache.size;
    },
    get bytes() {
      return cache.bytes;
    },
  };
}
