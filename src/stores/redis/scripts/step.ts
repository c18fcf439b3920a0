import { MAX_STAND_STILL } from "../../lifetimes.ts";
import { partitionPrefix } from "../keys.ts";
import { ALL_PARTITIONS } from "../partition.ts";

/*
 * Every script is called with one key and with ARGV: the caller's deadline by the server's clock, the milliseconds to add to that
 * clock (0 but in tests), and the input as JSON. It answers with the server's clock, a status, and what `act` returned.
 */

export const STARTED = `
local time = redis.call('TIME')
local SERVER_TIME = time[1] * 1000 + math.floor(time[2] / 1000)
local WALL = SERVER_TIME + ARGV[2]
local input = cjson.decode(ARGV[3])

-- The time in a partition whose clock stood there at its last write.
local function time_after(clock) return (clock > WALL and clock - WALL <= ${MAX_STAND_STILL}) and clock or WALL end
`;

/** What `continues` of feed-page.ts says of a page, before anything else is done. */
const GOES_ON = `
local function is_later(a, b)
  local a_ms, a_seq = string.match(a, '(%d+)-(%d+)')
  local b_ms, b_seq = string.match(b, '(%d+)-(%d+)')
  a_ms, b_ms = tonumber(a_ms), tonumber(b_ms)
  return a_ms > b_ms or (a_ms == b_ms and tonumber(a_seq) > tonumber(b_seq))
end

local function goes_on(epoch, last, count, followed_epoch, id, number)
  if epoch ~= followed_epoch then return false end
  if last == id then return count == number end
  if count <= number or not is_later(last, id) then return false end
  local entry = redis.call('XRANGE', BASE .. 'feed', '(' .. id, '+', 'COUNT', 1)[1]
  if not entry then return true end
  local its_number, previous = string.match(entry[2][2], '^(%S+) (%S+)')
  return previous == id or tonumber(its_number) > number + 1
end
`;

export const IN_PARTITION = `
local META = KEYS[1]
local BASE = string.sub(META, 1, -5)
local meta = redis.call('HMGET', META, 'epoch', 'clock', 'sessionsNotBefore', 'tokensNotBefore', 'latestNotBefore',
  'last', 'count')
if not meta[1] then return { SERVER_TIME, 'wiped' } end
${GOES_ON}
if input.followed and not goes_on(meta[1], meta[6] or '0-0', tonumber(meta[7] or 0), unpack(input.followed)) then
  return { SERVER_TIME, 'other_history' }
end
local clock = tonumber(meta[2]) or 0
local sessions_not_before = tonumber(meta[3]) or 0
local tokens_not_before = tonumber(meta[4]) or 0
local latest_not_before = tonumber(meta[5]) or 0
local now = time_after(clock)

-- Appends to a stream under an id that orders entries across partitions, too: milliseconds, then a thousandth of a microsecond.
local appended = 0
local function append(stream, ...)
  local id = WALL .. '-' .. (time[2] % 1000 * 1000 + appended)
  appended = appended + 1
  local added = redis.pcall('XADD', stream, id, ...)
  if type(added) == 'string' then return added end
  -- The clock was set back: the stream's own end counts on.
  local last = redis.call('XINFO', 'STREAM', stream)
  for index = 1, #last, 2 do
    if last[index] == 'last-generated-id' then
      return redis.call('XADD', stream, string.match(last[index + 1], '^%d+') .. '-*', ...)
    end
  end
end
`;

const BASES = ALL_PARTITIONS.map((partition) => `'${partitionPrefix(partition)}'`).join(", ");

/**
 * The prefixes of all partitions, and what stands in the meta of each, where one server holds them: their keys need not be in the slot
 * of the one key that the script is called with.
 */
export const IN_ALL_PARTITIONS = `
local BASES = { ${BASES} }
local metas = {}
for index, base in ipairs(BASES) do
  metas[index] = redis.call('HMGET', base .. 'meta', 'epoch', 'clock', 'last', 'count')
  if not metas[index][1] then return { SERVER_TIME, 'wiped' } end
end
`;

export const IN_TIME = `
if SERVER_TIME >= tonumber(ARGV[1]) then return { SERVER_TIME, 'late' } end
`;

export const RUN_IN_TIME = `
return { SERVER_TIME, 'done', act() }
`;

// The time of a step that wrote is kept, so that no later one is earlier.
export const RUN_IN_PARTITION = `
if now ~= clock then redis.call('HSET', META, 'clock', now) end
${RUN_IN_TIME}`;
