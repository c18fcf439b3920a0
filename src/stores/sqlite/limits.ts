import { type AttemptCount, forgottenAt, returnAttempt, takeAttempt } from "../attempts.ts";
import type { AttemptBucket, AttemptResult } from "../store.ts";
import { first, integer } from "./database.ts";
import type { Step } from "./step.ts";

interface Buckets {
  readonly buckets: readonly AttemptBucket[];
}

export function takeAttempts(step: Step, input: Buckets): AttemptResult {
  const taken: [AttemptBucket, AttemptCount][] = [];
  let full: { readonly retryAfter: number; readonly key: string } | null = null;
  for (const bucket of input.buckets) {
    const result = takeAttempt(keptOf(step, bucket.key), bucket, step.now);
    if (result.ok) taken.push([bucket, result.kept]);
    else if (full === null || result.retryAfter > full.retryAfter)
      full = { retryAfter: result.retryAfter, key: bucket.key };
  }
  if (full !== null) return { ok: false, ...full };
  for (const [bucket, kept] of taken) keep(step, bucket, kept);
  return { ok: true };
}

export function returnAttempts(step: Step, input: Buckets): void {
  for (const bucket of input.buckets) {
    const kept = keptOf(step, bucket.key);
    const left = kept === null ? null : returnAttempt(kept);
    if (left === null) step.db.all("DELETE FROM attempts WHERE key = ?", bucket.key);
    else keep(step, bucket, left);
  }
}

function keptOf(step: Step, key: string): AttemptCount | null {
  const row = first(step.db.all("SELECT * FROM attempts WHERE key = ?", key));
  if (row === null) return null;
  return {
    count: integer(row, "count"),
    startedAt: integer(row, "started_at"),
    lockedUntil: integer(row, "locked_until"),
  };
}

function keep(step: Step, bucket: AttemptBucket, kept: AttemptCount): void {
  step.db.all(
    `INSERT INTO attempts (key, count, started_at, locked_until, forgotten_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET count = excluded.count, started_at = excluded.started_at,
       locked_until = excluded.locked_until, forgotten_at = excluded.forgotten_at`,
    bucket.key,
    kept.count,
    kept.startedAt,
    kept.lockedUntil,
    forgottenAt(kept, bucket.window),
  );
}
