/**
 * Times of issue and what refuses them. The not-before records of clients and of everything stand in every partition, so that one
 * script sees all that would refuse a token of its user.
 */
export const NOT_BEFORE = `
local function client_not_before(client_id)
  return tonumber(redis.call('HGET', BASE .. 'client-not-before', client_id) or 0)
end

-- A time of issue for an access token: later than every not-before that would refuse it. One that runs ahead of the clock moves
-- the clock, so that a revocation in the same millisecond still covers the token.
local function issue_time(user_not_before, client_id)
  local not_before = math.max(tokens_not_before, user_not_before, client_not_before(client_id))
  if not_before < now then return now end
  redis.call('HSET', META, 'clock', math.max(now, not_before + 1))
  return not_before + 1
end

-- The before of a revocation as of now: it covers every token that issue_time has made above not_before, too.
local function before_now(not_before) return math.max(now, not_before + 1) end

-- One in the future is taken as now: nil.
local function in_the_past(before) return before < now and before or nil end

local function not_before_moved(before)
  if before > latest_not_before then
    latest_not_before = before
    redis.call('HSET', META, 'latestNotBefore', before)
  end
end

local function move_client_not_before(client_id, before)
  if before <= client_not_before(client_id) then return end
  redis.call('HSET', BASE .. 'client-not-before', client_id, before)
  not_before_moved(before)
end
`;
