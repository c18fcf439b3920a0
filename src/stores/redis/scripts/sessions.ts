import { NUMBERS, SESSION_FIELDS } from "../session-fields.ts";

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(", ");

/**
 * A session is a hash, named in three indexes: those of its user (by absolute end), of all by idle end, and of all by birth. The
 * idle end in the index is the one at login or at the last sweep: a refresh need not move it.
 */
export const SESSIONS = `
local SESSION_FIELDS = { ${quoted(SESSION_FIELDS)} }

local function session_key(sid) return BASE .. 'session:' .. sid end
local function sessions_key(sub) return BASE .. 'sessions:' .. sub end

local function session_of(sid)
  local values = redis.call('HMGET', session_key(sid), unpack(SESSION_FIELDS))
  if not values[1] then return nil end
  local session = { sid = sid }
  for index, name in ipairs(SESSION_FIELDS) do session[name] = values[index] end
  for _, name in ipairs({ ${quoted(NUMBERS)} }) do session[name] = tonumber(session[name]) end
  session.shown = session.shown == '1'
  return session
end

local function session_reply(session)
  local reply = { session.sid }
  for index, name in ipairs(SESSION_FIELDS) do reply[index + 1] = session[name] or false end
  return reply
end

local function own_session(sub, sid)
  local session = session_of(sid)
  return session and session.sub == sub and session or nil
end

-- Live: neither end has come, and no revocation, disabling or deletion of the user since it was made.
local function is_live(session, user)
  return session and user and not user.disabled and session.idleEndsAt > now and session.absoluteEndsAt > now
    and session.createdAt > math.max(sessions_not_before, user.notBefore) or false
end

local function sids_of(sub) return redis.call('ZRANGE', sessions_key(sub), 0, -1) end

-- The live sessions of a user, the longest idle first.
local function live_sessions(sub, user)
  local found = {}
  for _, sid in ipairs(sids_of(sub)) do
    local session = session_of(sid)
    if is_live(session, user) then found[#found + 1] = session end
  end
  table.sort(found, function(a, b)
    if a.lastUsedAt ~= b.lastUsedAt then return a.lastUsedAt < b.lastUsedAt end
    if a.createdAt ~= b.createdAt then return a.createdAt < b.createdAt end
    return a.sid < b.sid
  end)
  return found
end

local function forget_session(session)
  redis.call('DEL', session_key(session.sid), BASE .. 'data:' .. session.sid)
  redis.call('ZREM', sessions_key(session.sub), session.sid)
  redis.call('ZREM', BASE .. 'session-ends', session.sid)
  redis.call('ZREM', BASE .. 'session-births', session.sid)
end
`;
