const MINUTE = 60_000;

/**
 * Writes a record of the audit trail in the step that it tells of. What anybody can cause at will is one record an account or
 * session and minute, so that it cannot drive out the rest: further ones are counted in `audit-counts`.
 */
export const AUDIT = `
local COUNTED = {
  login_failed = true, login_limited = true, refresh_other_client = true, refresh_ahead = true, refresh_forged = true,
}

local function write_record(kind, about)
  return append(BASE .. 'audit', 'at', WALL, 'kind', kind, 'actor', about.actor, 'sub', about.sub or '',
    'sid', about.sid or '', 'address', about.address or '', 'detail', about.detail)
end

local function record(kind, about)
  if not COUNTED[kind] then
    write_record(kind, about)
    return
  end
  local subject = redis.sha1hex(about.sid or about.sub or about.detail)
  local key = BASE .. 'failed:' .. math.floor(now / ${MINUTE}) .. ':' .. kind .. ':' .. subject
  local id = redis.call('GET', key)
  if id and #redis.call('XRANGE', BASE .. 'audit', id, id) > 0 then
    redis.call('HINCRBY', BASE .. 'audit-counts', id, 1)
  else
    redis.call('SET', key, write_record(kind, about), 'PX', ${2 * MINUTE})
  end
end
`;
