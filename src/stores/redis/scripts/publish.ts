import { CLOCK_MARGIN, DEFAULT_ACCESS_TTL, LAST_ISSUE } from "../../lifetimes.ts";

/** Expired entries that a publishing clears away: more than it adds, so that the feed cannot grow beyond what is needed. */
const TRIMMED_AT_ONCE = 16;

/**
 * Publishing one fact that ends access tokens early, in the atomic step of whatever it tells of. It gives back the entry's position
 * and when it expires:
 *
 *   local position, expires = publish(meta, feed, now, micros, '{"kind":"session","sid":"s_…"}')
 *
 * `meta` and `feed` are keys of one partition. `now` is the store's clock in milliseconds, `micros` the microseconds within it:
 * entries of different partitions sort by them. An entry that is written back lives until `least` at least.
 *
 * A position is the stream id and the number of the entry, `ms-seq-number`. An entry is one string, for a reader spends its time on
 * taking replies apart: number, the id of the entry before it, when it was made, when it expires, and its target as JSON. By the id
 * before it a reader knows whether it goes on where the reader stopped or in a history that was rolled back there. Fields of `meta` here:
 * `last` and `count`, the position of the newest entry ever published, and `ttl:<ms>`, when a gateway last announced that its access
 * tokens live so long.
 */
export const PUBLISH = `
local function field_of(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
  return nil
end

-- The longest lifetime that a token still alive may have: a lowered one counts until its tokens have run out.
local function longest_lifetime(fields, now)
  local longest = 0
  for i = 1, #fields, 2 do
    local ttl = tonumber(string.match(fields[i], '^ttl:(%d+)$'))
    if ttl and ttl > longest and tonumber(fields[i + 1]) + ttl + ${LAST_ISSUE} > now then longest = ttl end
  end
  return longest > 0 and longest or ${DEFAULT_ACCESS_TTL}
end

-- Later than the last id, also where the clock was set back.
local function next_id(last, now, micros)
  local ms, seq = string.match(last, '^(%d+)-(%d+)$')
  ms, seq = tonumber(ms), tonumber(seq)
  if now > ms or (now == ms and micros > seq) then return string.format('%.0f-%.0f', now, micros) end
  return string.format('%.0f-%.0f', ms, seq + 1)
end

-- Forgets the oldest entries, as long as all their tokens have expired, at most a batch; returns how many. Mostly there is none:
-- reading a whole batch to learn that would cost more than all the rest of a publishing.
local function trim(feed, now, batch)
  local function has_expired(entry) return tonumber(string.match(entry[2][2], '^%S+ %S+ %S+ (%S+)')) <= now end
  local oldest = redis.call('XRANGE', feed, '-', '+', 'COUNT', 1)
  if not oldest[1] or not has_expired(oldest[1]) then return 0 end
  local expired = {}
  for _, entry in ipairs(redis.call('XRANGE', feed, '-', '+', 'COUNT', batch)) do
    if not has_expired(entry) then break end
    expired[#expired + 1] = entry[1]
  end
  redis.call('XDEL', feed, unpack(expired))
  return #expired
end

local function publish(meta, feed, now, micros, target, least)
  local fields = redis.call('HGETALL', meta)
  local expires = math.max(now + longest_lifetime(fields, now) + ${CLOCK_MARGIN}, least or 0)
  local previous = field_of(fields, 'last') or '0-0'
  local id = next_id(previous, now, micros)
  local number = string.format('%.0f', tonumber(field_of(fields, 'count') or '0') + 1)
  trim(feed, now, ${TRIMMED_AT_ONCE})
  redis.call('XADD', feed, id, 'e', string.format('%s %s %.0f %.0f %s', number, previous, now, expires, target))
  redis.call('HSET', meta, 'last', id, 'count', number)
  return id .. '-' .. number, expires
end
`;
