/** The access-token lifetime (ms) that is taken while no gateway has announced one. */
const DEFAULT_ACCESS_TTL = 300_000;
/** A gateway that has lost the store may still hand out a token that it was issuing. */
const LAST_ISSUE = 60_000;
/** Expired entries that a publishing clears away: more than it adds, so that the feed cannot grow beyond what is needed. */
const TRIMMED_AT_ONCE = 4;

/**
 * Publishing one fact that ends access tokens early, in the step of whatever it tells of (step.ts comes before). An entry's position
 * is its stream id and its number, `ms-seq-number`: a reader that meets a number it has read before under another id knows that the
 * history was rolled back. `last` and `count` of the partition's record are the position of the newest entry ever published.
 */
export const PUBLISH = `
-- The longest lifetime that a token still alive may have: a lowered one counts until its tokens have run out.
local function longest_lifetime()
  local longest = 0
  local announced = redis.call('HGETALL', BASE .. 'access-lifetimes')
  for index = 1, #announced, 2 do
    local ttl = tonumber(announced[index])
    if announced[index + 1] + ttl + ${LAST_ISSUE} > now then longest = math.max(longest, ttl) end
  end
  return longest > 0 and longest or ${DEFAULT_ACCESS_TTL}
end

-- Removes the oldest entries, those whose tokens have all expired; returns how many.
local function trim_feed(limit)
  local last, count = nil, 0
  for _, entry in ipairs(redis.call('XRANGE', BASE .. 'feed', '-', '+', 'COUNT', limit)) do
    if tonumber(entry[2][6]) > now then break end
    last, count = entry[1], count + 1
  end
  if last then
    local milliseconds, sequence = string.match(last, '^(%d+)-(%d+)$')
    redis.call('XTRIM', BASE .. 'feed', 'MINID', milliseconds .. '-' .. string.format('%.0f', sequence + 1))
  end
  return count
end

local function publish(target)
  trim_feed(${TRIMMED_AT_ONCE})
  local entry = { target = cjson.encode(target), at = now, expires = now + longest_lifetime() }
  local number = redis.call('HINCRBY', META, 'count', 1)
  local id = append(BASE .. 'feed', 't', entry.target, 'a', entry.at, 'x', entry.expires, 'n', number)
  redis.call('HSET', META, 'last', id)
  entry.position = id .. '-' .. number
  return entry
end

local function entry_reply(entry) return { entry.position, entry.target, entry.at, entry.expires } end
`;
