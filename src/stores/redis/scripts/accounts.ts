export const USERS = `
local function user_key(sub) return BASE .. 'user:' .. sub end

local function user_of(sub)
  local values = redis.call('HMGET', user_key(sub), 'username', 'usernameKey', 'passwordHash', 'roles', 'disabled', 'createdAt',
    'sessionsNotBefore', 'tokensNotBefore')
  if not values[1] then return nil end
  return {
    sub = sub, username = values[1], usernameKey = values[2], passwordHash = values[3], roles = values[4],
    disabled = values[5] == '1', createdAt = tonumber(values[6]), notBefore = tonumber(values[7]),
    tokensNotBefore = tonumber(values[8]),
  }
end

local function user_reply(user)
  return {
    user.sub, user.username, user.usernameKey, user.passwordHash, user.roles, user.disabled and 1 or 0, user.createdAt,
    user.notBefore,
  }
end

-- Moves the not-before of a user's access tokens, and with sessions that of the sessions. It never goes back.
local function move_user_not_before(user, before, sessions)
  if before > user.tokensNotBefore then
    user.tokensNotBefore = before
    redis.call('HSET', user_key(user.sub), 'tokensNotBefore', before)
  end
  if sessions and before > user.notBefore then
    user.notBefore = before
    redis.call('HSET', user_key(user.sub), 'sessionsNotBefore', before)
  end
  not_before_moved(before)
end

-- The before that covers everything which a user has been given until now.
local function user_before_now(user)
  return before_now(math.max(tokens_not_before, user and user.tokensNotBefore or 0))
end
`;
