import type { RefreshRequest, RefreshResult } from "../../sessions/refresh.ts";
import { metaKey } from "./keys.ts";
import { partitionOf } from "./partition.ts";
import { integer, values, word } from "./reply.ts";
import { type RunScript, writes } from "./script.ts";
import { ENDING } from "./scripts/libraries.ts";
import { ROTATION } from "./scripts/rotation.ts";
import { sessionOf } from "./session-reply.ts";
import { userOf } from "./users.ts";

const GRANTED = ["rotated", "kept", "replayed", "rolled_forward"] as const;
const REFUSED = ["idle_expired", "expired", "ended", "lost", "theft", "other_client", "malformed"] as const;

const REFRESH = writes("session-refresh", {
  uses: [...ENDING, ROTATION],
  body: `
local AUDIT_KINDS = { theft = 'refresh_theft', lost = 'refresh_lost' }
local session, user = own_session(input.sub, input.sid), user_of(input.sub)
local verdict = judge_refresh(session, user, sessions_not_before, input, now)
if verdict.kind == 'grant' then
  redis.call('HSET', session_key(session.sid), 'generation', session.generation, 'rotatedAt', session.rotatedAt,
    'shown', session.shown and 1 or 0, 'secretId', session.secretId, 'context', session.context,
    'lastUsedAt', session.lastUsedAt, 'idleEndsAt', session.idleEndsAt, 'address', session.address,
    'userAgent', session.userAgent)
  return { verdict.outcome, user_reply(user), session_reply(session), issue_time(user.tokensNotBefore, session.clientId) }
elseif verdict.kind == 'end' then
  local origin = { actor = 'postern', address = input.address }
  end_session(input.sub, input.sid, verdict.reason, origin, AUDIT_KINDS[verdict.outcome])
  return { verdict.outcome }
elseif verdict.kind == 'refuse' then
  record(verdict.audit, { actor = 'postern', sub = input.sub, sid = input.sid, address = input.address,
    detail = cjson.encode({ shown = input.generation, current = session.generation }) })
  return { verdict.outcome }
end
return { verdict.kind }`,
});

/** Shows a refresh token to the store: what is decided is stored, published and audited in one script. */
export async function refreshSession(run: RunScript, request: RefreshRequest): Promise<RefreshResult> {
  const [outcome, user, session, issuedAt] = values(await run(REFRESH, metaKey(partitionOf(request.sub)), request));
  if (user === undefined) return { outcome: word(outcome, REFUSED) };
  return {
    outcome: word(outcome, GRANTED),
    user: userOf(user),
    session: sessionOf(session),
    issuedAt: integer(issuedAt),
  };
}
