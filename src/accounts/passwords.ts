/** Thrown when the hashing queue is full, or nothing hashes at present: the caller answers 503 `overloaded`. */
export class HashingOverloaded extends Error {
  override readonly name = "HashingOverloaded";
}

/** The hashing queue: jobs at work, jobs waiting, and how many were refused since the start because it was full. */
export interface HashingLoad {
  readonly active: number;
  readonly waiting: number;
  readonly refused: number;
}

/**
 * argon2id behind a bounded queue. `signal` is the request's: whoever has gone leaves the queue, and the
 * call rejects with the signal's reason.
 */
export interface Passwords {
  /** PHC string. Rejects with HashingOverloaded. */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /** Whether it matches; `hash: null` does the same work and is false, for an unknown user. Rejects with HashingOverloaded. */
  verify(hash: string | null, password: string, signal?: AbortSignal): Promise<boolean>;
  /** Whether a hash was made with weaker or other parameters than the present ones. */
  needsRehash(hash: string): boolean;
  /** Whether a password would find a place in the queue now: asked before anything else is done for it. */
  hasRoom(): boolean;
  load(): HashingLoad;
}
