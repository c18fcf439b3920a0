import type { AttemptBucket, AttemptResult } from "../store.ts";
import { attemptKey } from "./keys.ts";
import { integer } from "./reply.ts";
import { type RunScript, writesKey } from "./script.ts";

interface Buckets {
  readonly buckets: readonly AttemptBucket[];
}

/** `takeAttempt` and `returnAttempt` of stores/attempts.ts, where the count is kept. Forgotten by the server when left alone. */
const COUNTS = `
local function kept_count()
  local kept = redis.call('HMGET', KEYS[1], 'count', 'startedAt', 'lockedUntil')
  return kept[1] and { count = tonumber(kept[1]), startedAt = tonumber(kept[2]), lockedUntil = tonumber(kept[3]) }
end

local function forgotten_at(kept)
  return (kept.lockedUntil == 0 and kept.startedAt or kept.lockedUntil) + input.window
end

local function keep(count)
  redis.call('HSET', KEYS[1], 'count', count.count, 'startedAt', count.startedAt, 'lockedUntil', count.lockedUntil)
  redis.call('PEXPIREAT', KEYS[1], forgotten_at(count) - ARGV[2])
end
`;

/** Answers with the milliseconds to wait, 0 when the attempt was taken. */
export const TAKE_ATTEMPT = writesKey("attempt-take", {
  uses: [COUNTS],
  body: `
local kept = kept_count()
if kept and WALL < kept.lockedUntil then return kept.lockedUntil - WALL end
local current = kept and WALL < forgotten_at(kept) and kept or { count = 0, startedAt = WALL }
local count = current.count + 1
local locks = count - input.limit
local locked_until = locks < 0 and 0 or WALL + math.min(input.lock * 2 ^ locks, input.maxLock)
keep({ count = count, startedAt = current.startedAt, lockedUntil = locked_until })
return 0`,
});

export const RETURN_ATTEMPT = writesKey("attempt-return", {
  uses: [COUNTS],
  body: `
local kept = kept_count()
if not kept or kept.count <= 1 then
  redis.call('DEL', KEYS[1])
else
  keep({ count = kept.count - 1, startedAt = kept.startedAt, lockedUntil = 0 })
end`,
});

/** Each bucket lies where its key says, so that they are taken one by one; where one is full, those before it are given back. */
export async function takeAttempts(run: RunScript, { buckets }: Buckets): Promise<AttemptResult> {
  const taken: AttemptBucket[] = [];
  for (const bucket of buckets) {
    const retryAfter = integer(await run(TAKE_ATTEMPT, attemptKey(bucket.key), bucket));
    if (retryAfter > 0) {
      await returnAttempts(run, { buckets: taken });
      return { ok: false, retryAfter, key: bucket.key };
    }
    taken.push(bucket);
  }
  return { ok: true };
}

export async function returnAttempts(run: RunScript, { buckets }: Buckets): Promise<void> {
  await Promise.all(buckets.map((bucket) => run(RETURN_ATTEMPT, attemptKey(bucket.key), bucket)));
}
