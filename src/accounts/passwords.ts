/** Thrown when the hashing queue is full: the caller answers 503 `overloaded`. */
export class HashingOverloaded extends Error {
  override readonly name = "HashingOverloaded";
}

/** argon2id behind a bounded queue (DESIGN section 6). */
export interface Passwords {
  /** PHC string. Rejects with HashingOverloaded. */
  hash(password: string): Promise<string>;
  /** Whether it matches; `hash: null` does the same work and is false, for an unknown user. Rejects with HashingOverloaded. */
  verify(hash: string | null, password: string): Promise<boolean>;
  /** Whether a hash was made with weaker or other parameters than the present ones. */
  needsRehash(hash: string): boolean;
}
