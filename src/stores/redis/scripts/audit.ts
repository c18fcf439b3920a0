import { COUNT_WINDOW, COUNTED_KINDS } from "../../records.ts";

/** Writes a record of the audit trail in the step that it tells of. Of the kinds that are counted, `audit-counts` says how many more. */
export const AUDIT = `
local COUNTED = { ${COUNTED_KINDS.map((kind) => `${kind} = true`).join(", ")} }

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
  local key = BASE .. 'failed:' .. math.floor(now / ${COUNT_WINDOW}) .. ':' .. kind .. ':' .. subject
  local id = redis.call('GET', key)
  if id and #redis.call('XRANGE', BASE .. 'audit', id, id) > 0 then
    redis.call('HINCRBY', BASE .. 'audit-counts', id, 1)
  else
    redis.call('SET', key, write_record(kind, about), 'PX', ${2 * COUNT_WINDOW})
  end
end
`;
