import { RECEIPT_LIFE } from "../lifetimes.ts";
import type { SweepLimits, SweepResult } from "../store.ts";
import { oldestRecords } from "./audit.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS, COMMON } from "./partition.ts";
import { integer, values } from "./reply.ts";
import { type RunScript, writes } from "./script.ts";
import { ENDING } from "./scripts/libraries.ts";
import { settleNames } from "./users.ts";

const TRIM_AUDIT = `
-- Removes records from the beginning of the trail up to an id, at most a batch; returns how many.
local function trim_audit(last_id, batch)
  local audit, last = BASE .. 'audit', nil
  local entries = redis.call('XRANGE', audit, '-', last_id, 'COUNT', batch)
  for _, entry in ipairs(entries) do
    redis.call('HDEL', BASE .. 'audit-counts', entry[1])
    redis.call('XDEL', audit, entry[1])
  end
  return #entries
end
`;

/** Removes what has expired in one partition, at most a batch of each kind; tells of sessions that ended so. */
const SWEEP = writes("sweep", {
  uses: [...ENDING, TRIM_AUDIT],
  body: `
local ends, births = BASE .. 'session-ends', BASE .. 'session-births'
local ended = redis.call('ZRANGE', ends, '-inf', now, 'BYSCORE', 'LIMIT', 0, input.batch)
local told = { idle = 0, absolute = 0 }
for _, sid in ipairs(ended) do
  local session = session_of(sid)
  if not session then
    redis.call('ZREM', ends, sid)
    redis.call('ZREM', births, sid)
  elseif session.idleEndsAt > now then
    redis.call('ZADD', ends, session.idleEndsAt, sid)
  else
    forget_session(session)
    -- An idle end never lies behind the absolute one, so that one index finds both.
    local reason = session.absoluteEndsAt <= now and 'absolute' or 'idle'
    told[reason] = told[reason] + 1
    record('session_ended', { actor = 'postern', sub = session.sub, sid = sid, detail = reason_detail(reason) })
  end
end

local revoked = redis.call('ZRANGE', births, '-inf', sessions_not_before, 'BYSCORE', 'LIMIT', 0, input.batch)
for _, sid in ipairs(revoked) do
  local session = session_of(sid)
  if session then forget_session(session) else redis.call('ZREM', births, sid) end
end

local entries = trim(BASE .. 'feed', now, input.batch)
local records = trim_audit(math.max(0, WALL - input.auditKeep), input.batch)
return { math.max(#ended, #revoked, entries, records), redis.call('XLEN', BASE .. 'audit'), told.idle, told.absolute }`,
});

const SWEEP_COMMON = writes("sweep-common", {
  body: `
for _, kid in ipairs(redis.call('ZRANGE', BASE .. 'keys', 0, -1)) do
  local key = BASE .. 'key:' .. kid
  if tonumber(redis.call('HGET', key, 'removeAt') or 0) <= now then
    redis.call('DEL', key)
    redis.call('ZREM', BASE .. 'keys', kid)
  end
end
local receipts = redis.call('HGETALL', BASE .. 'nodes')
for index = 1, #receipts, 2 do
  if tonumber(string.match(receipts[index + 1], '^%d+')) <= now - input.receiptLife then
    redis.call('HDEL', BASE .. 'nodes', receipts[index])
  end
end`,
});

const TRIM = writes("audit-trim", { uses: [TRIM_AUDIT], body: "return trim_audit(input.last, input.batch)" });

export async function sweep(run: RunScript, limits: SweepLimits): Promise<SweepResult> {
  const { auditKeep, auditMax, batch } = limits;
  const swept = await Promise.all(
    ALL_PARTITIONS.map((partition) => run(SWEEP, metaKey(partition), { auditKeep, batch })),
  );
  await run(SWEEP_COMMON, metaKey(COMMON), { receiptLife: RECEIPT_LIFE });
  for (const partition of ALL_PARTITIONS) await settleNames(run, partition);
  const counts = swept.map((reply) => values(reply).map(integer));
  const sum = (index: number): number => counts.reduce((all, count) => all + (count[index] ?? 0), 0);
  const trimmed = await trimOldest(run, Math.min(sum(1) - auditMax, batch));
  return { more: trimmed >= batch || counts.some(([count = 0]) => count >= batch), idle: sum(2), absolute: sum(3) };
}

/** Removes the oldest records of the whole trail, those beyond what is to be kept. */
async function trimOldest(run: RunScript, excess: number): Promise<number> {
  if (excess <= 0) return 0;
  const last = new Map<number, string>();
  for (const { milliseconds, number, partition } of await oldestRecords(run, excess)) {
    last.set(partition, `${milliseconds}-${number}`);
  }
  await Promise.all([...last].map(([partition, id]) => run(TRIM, metaKey(partition), { last: id, batch: excess })));
  return excess;
}
