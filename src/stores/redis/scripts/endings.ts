/** Endings: the record, its revocation entry and its audit record in one step. */
export const ENDINGS = `
local function publish_target(target)
  local entry = { target = cjson.encode(target), at = now }
  entry.position, entry.expires = publish(META, BASE .. 'feed', now, time[2] % 1000, entry.target)
  return entry
end

local function entry_reply(entry) return { entry.position, entry.target, entry.at, entry.expires } end

local function reason_detail(reason) return cjson.encode({ reason = reason }) end

-- Ends one session. Its entry is published whether or not there was a record, so that repeating it heals.
local function end_session(sub, sid, reason, origin, kind)
  local session = own_session(sub, sid)
  local existed = is_live(session, user_of(sub))
  local entry = publish_target({ kind = 'session', sid = sid })
  if session then
    forget_session(session)
    record(kind or 'session_ended',
      { actor = origin.actor, sub = sub, sid = sid, address = origin.address, detail = reason_detail(reason) })
  end
  return existed, entry
end

-- A revocation as of now ends every session there is, those too that were made before the clock was set back.
local function made_until(before) return before >= now and math.huge or before end

local function count_live(sub, user, before)
  local count = 0
  for _, session in ipairs(live_sessions(sub, user)) do
    if session.createdAt <= made_until(before) then count = count + 1 end
  end
  return count
end

-- Ends every session of a user made at before or earlier, and refuses the user's access tokens issued until then.
local function end_all_of_user(sub, user, before)
  local count = count_live(sub, user, before)
  if user then move_user_not_before(user, before, true) end
  for _, sid in ipairs(sids_of(sub)) do
    local session = session_of(sid)
    if session and session.createdAt <= made_until(before) then forget_session(session) end
  end
  return count, publish_target({ kind = 'user', sub = sub, before = before })
end

local function end_all_of_user_now(user) return (end_all_of_user(user.sub, user, user_before_now(user))) end
`;
