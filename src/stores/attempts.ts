import type { AttemptBucket } from "./store.ts";

/** What is kept of one bucket. Times are milliseconds since 1970 by the store's clock. */
export interface AttemptCount {
  /** Attempts that were taken and not given back. */
  readonly count: number;
  readonly startedAt: number;
  /** 0 where the bucket is not locked. */
  readonly lockedUntil: number;
}

/** When a bucket has been left alone for long enough to be forgotten. */
export const forgottenAt = (kept: AttemptCount, window: number): number =>
  (kept.lockedUntil === 0 ? kept.startedAt : kept.lockedUntil) + window;

/**
 * Takes one attempt. The `limit`th in a window locks the bucket, so that parallel guesses cannot pass it; each one taken
 * after a lock has run out locks it for twice as long. `retryAfter` in milliseconds.
 */
export function takeAttempt(
  kept: AttemptCount | null,
  bucket: AttemptBucket,
  now: number,
): { readonly ok: true; readonly kept: AttemptCount } | { readonly ok: false; readonly retryAfter: number } {
  if (kept !== null && now < kept.lockedUntil) return { ok: false, retryAfter: kept.lockedUntil - now };
  const current = kept === null || now >= forgottenAt(kept, bucket.window) ? { count: 0, startedAt: now } : kept;
  const count = current.count + 1;
  const locks = count - bucket.limit;
  const lockedUntil = locks < 0 ? 0 : now + Math.min(bucket.lock * 2 ** locks, bucket.maxLock);
  return { ok: true, kept: { count, startedAt: current.startedAt, lockedUntil } };
}

/** Gives one attempt back, and with it the lock that it closed. Null: nothing is left to keep. */
export function returnAttempt(kept: AttemptCount): AttemptCount | null {
  return kept.count <= 1 ? null : { count: kept.count - 1, startedAt: kept.startedAt, lockedUntil: 0 };
}
