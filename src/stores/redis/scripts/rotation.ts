import { MAX_ROLL_FORWARD } from "../../../sessions/rotation.ts";

/**
 * `judgeRefresh` of sessions/rotation.ts once more, in Lua, so that judging and storing are one script (docs/adr/0004). A property
 * test holds the two against each other. A session that is granted is changed in place.
 */
export const ROTATION = `
local function judge_refresh(session, user, not_before, request, now)
  local function refuse(outcome, audit) return { kind = 'refuse', outcome = outcome, audit = audit } end
  local function ends(outcome, reason) return { kind = 'end', outcome = outcome, reason = reason } end
  local function grant(outcome, change)
    for name, value in pairs(change) do session[name] = value end
    session.lastUsedAt = now
    session.idleEndsAt = math.min(now + request.limits.idle, session.absoluteEndsAt)
    session.address = request.address
    session.userAgent = request.userAgent
    return { kind = 'grant', outcome = outcome }
  end

  if not session or not user or user.disabled then return { kind = 'ended' } end
  if session.createdAt <= math.max(not_before, user.notBefore) then return { kind = 'ended' } end
  if session.rHash ~= request.rHash then return refuse('malformed', 'refresh_forged') end
  if now >= session.absoluteEndsAt then return ends('expired', 'absolute') end
  if now >= session.idleEndsAt then return ends('idle_expired', 'idle') end

  local ahead = request.generation - session.generation
  if ahead > ${MAX_ROLL_FORWARD} then return refuse('malformed', 'refresh_ahead') end
  if ahead > 0 then
    return grant('rolled_forward', {
      generation = request.generation, rotatedAt = now, secretId = request.secretId, shown = true, context = request.context,
    })
  end
  local age = now - session.rotatedAt
  if ahead == 0 then
    if not request.rotate or age < request.limits.grace then return grant('kept', { shown = true }) end
    return grant('rotated', {
      generation = session.generation + 1, rotatedAt = now, secretId = request.secretId, shown = false, context = request.context,
    })
  end
  if ahead == -1 and age <= request.limits.grace then
    if session.context ~= request.context then return refuse('other_client', 'refresh_other_client') end
    return grant('replayed', {})
  end
  local outcome = ahead == -1 and not session.shown and 'lost' or 'theft'
  return ends(outcome, outcome)
end
`;
