import { END_REASONS } from "../../sessions/end-reason.ts";
import type { Session } from "../../sessions/session.ts";
import type { OperationInput, OperationOutput } from "../operations.ts";
import type { SessionData } from "../store.ts";
import { cursorAt } from "./entries.ts";
import { metaKey } from "./keys.ts";
import { partitionOf } from "./partition.ts";
import { flag, integer, text, values, word } from "./reply.ts";
import { type RunScript, reads, writes } from "./script.ts";
import { ENDING, RECORDS } from "./scripts/libraries.ts";
import { sessionOf, sessionOrNull } from "./session-reply.ts";
import { originOf, userOf } from "./users.ts";

/** Why no session may be made for the user, or nothing. */
const REFUSAL = `
local function refusal(user)
  if not user then return 'no_such_user' end
  if user.disabled then return 'disabled' end
  if input.expectedHash and user.passwordHash ~= input.expectedHash then return 'password_changed' end
end
`;

const CHECK = reads("session-check", {
  uses: [...RECORDS, REFUSAL],
  body: "return refusal(user_of(input.session.sub)) or (session_of(input.session.sid) and 'known') or 'free'",
});

const CREATE = writes("session-create", {
  uses: [...ENDING, REFUSAL],
  body: `
local asked, limits, origin = input.session, input.limits, input.origin
local user = user_of(asked.sub)
local refused = refusal(user)
if refused then return { refused } end
local session = own_session(asked.sub, asked.sid)
local ended = {}
local function end_with_login(sid, sub, reason)
  end_session(sub, sid, reason, origin)
  ended[#ended + 1] = reason
end
if not session then
  if input.replace and is_live(own_session(input.replace.sub, input.replace.sid), user_of(input.replace.sub)) then
    end_with_login(input.replace.sid, input.replace.sub, 'replaced')
  end
  -- Later than any not-before that would end it: those of sessions never move without those of tokens.
  local at = issue_time(user.tokensNotBefore, asked.clientId)
  local keep = math.max(0, limits.maxPerUser - 1)
  -- All of them are read only where there may be too many.
  if redis.call('ZCARD', sessions_key(asked.sub)) > keep then
    local live = live_sessions(asked.sub, user)
    for index = 1, #live - keep do end_with_login(live[index].sid, asked.sub, 'too_many_sessions') end
  end
  local absolute = at + limits.absolute
  local idle = math.min(at + limits.idle, absolute)
  redis.call('HSET', session_key(asked.sid), 'sub', asked.sub, 'clientId', asked.clientId, 'channel', asked.channel,
    'createdAt', at, 'authTime', at, 'amr', asked.amr, 'generation', 0, 'rotatedAt', at, 'shown', 0, 'rHash', asked.rHash,
    'secretId', asked.secretId, 'context', asked.context, 'lastUsedAt', at, 'idleEndsAt', idle, 'absoluteEndsAt', absolute,
    'address', asked.address, 'userAgent', asked.userAgent)
  if asked.scopes then redis.call('HSET', session_key(asked.sid), 'scopes', asked.scopes) end
  redis.call('ZADD', sessions_key(asked.sub), absolute, asked.sid)
  redis.call('ZADD', BASE .. 'session-ends', idle, asked.sid)
  redis.call('ZADD', BASE .. 'session-births', at, asked.sid)
  record('login', { actor = origin.actor, sub = asked.sub, sid = asked.sid, address = origin.address, detail = input.detail })
  session = session_of(asked.sid)
end
return { 'ok', user_reply(user), session_reply(session), issue_time(user.tokensNotBefore, session.clientId), ended }`,
});

const GET = reads("session", {
  uses: RECORDS,
  body: `
local session = own_session(input.sub, input.sid)
return is_live(session, user_of(input.sub)) and session_reply(session)`,
});

const LIST = reads("sessions", {
  uses: RECORDS,
  body: `
local replies = {}
for index, session in ipairs(live_sessions(input.sub, user_of(input.sub))) do replies[index] = session_reply(session) end
return replies`,
});

const END = writes("session-end", {
  uses: ENDING,
  body: `
if input.onlyLive and not is_live(own_session(input.sub, input.sid), user_of(input.sub)) then return false end
local existed, entry = end_session(input.sub, input.sid, input.reason, input.origin)
return { existed and 1 or 0, entry.position }`,
});

const DATA = reads("session-data", {
  uses: RECORDS,
  body: `
if not is_live(own_session(input.sub, input.sid), user_of(input.sub)) then return false end
local data = redis.call('HMGET', BASE .. 'data:' .. input.sid, 'json', 'version')
return { data[1] or '{}', data[2] or 0 }`,
});

const WRITE_DATA = writes("session-data-write", {
  uses: RECORDS,
  body: `
if not is_live(own_session(input.sub, input.sid), user_of(input.sub)) then return false end
local data = BASE .. 'data:' .. input.sid
if tonumber(redis.call('HGET', data, 'version') or 0) ~= input.expected then return -1 end
redis.call('HSET', data, 'json', input.json, 'version', input.expected + 1)
return input.expected + 1`,
});

interface SessionName {
  readonly sub: string;
  readonly sid: string;
}

const homeOf = ({ sub }: { readonly sub: string }): string => metaKey(partitionOf(sub));
const nameOf = ({ sub, sid }: SessionName): SessionName => ({ sub, sid });

export async function createSession(
  run: RunScript,
  input: OperationInput<"createSession">,
): Promise<OperationOutput<"createSession">> {
  const { session, limits, replace } = input;
  const { clientId, channel } = session;
  const asked = {
    ...session,
    amr: JSON.stringify(session.amr),
    scopes: session.scopes === null ? undefined : JSON.stringify(session.scopes),
  };
  const origin = originOf(input.origin);
  const login = { session: asked, limits, origin, expectedHash: input.expectedHash ?? undefined };
  const home = homeOf(session);
  const elsewhere = replace !== null && homeOf(replace) !== home;
  // A login that is refused ends nothing, and neither does one that was made already.
  const endsElsewhere = elsewhere && (await run(CHECK, home, login)) === "free";
  const before = endsElsewhere
    ? await run(END, homeOf(replace), { ...nameOf(replace), reason: "replaced", onlyLive: true, origin })
    : null;
  const detail = JSON.stringify({ clientId, channel });
  const inStep = replace === null || elsewhere ? {} : { replace: nameOf(replace) };
  const [outcome, user, made, issuedAt, ended] = values(await run(CREATE, home, { ...login, ...inStep, detail }));
  switch (outcome) {
    case "ok":
      return {
        ...{ ok: true, user: userOf(user), session: sessionOf(made), issuedAt: integer(issuedAt) },
        ended: [
          ...(before === null ? [] : ["replaced" as const]),
          ...values(ended).map((why) => word(why, END_REASONS)),
        ],
      };
    case "no_such_user":
    case "disabled":
    case "password_changed":
      return { ok: false, reason: outcome };
    default:
      throw new Error("the store refused a session for a reason that is not known");
  }
}

export async function session(run: RunScript, input: SessionName): Promise<Session | null> {
  return sessionOrNull(await run(GET, homeOf(input), nameOf(input)));
}

export async function sessions(run: RunScript, { sub }: { readonly sub: string }): Promise<readonly Session[]> {
  return values(await run(LIST, homeOf({ sub }), { sub })).map(sessionOf);
}

export async function endSession(
  run: RunScript,
  input: OperationInput<"endSession">,
): Promise<OperationOutput<"endSession">> {
  const end = { ...nameOf(input), reason: input.reason, origin: originOf(input.origin) };
  const [existed, position] = values(await run(END, homeOf(input), end));
  return { existed: flag(existed), cursor: cursorAt(partitionOf(input.sub), text(position)) };
}

export async function sessionData(run: RunScript, input: SessionName): Promise<SessionData | null> {
  const reply = await run(DATA, homeOf(input), nameOf(input));
  if (reply === null) return null;
  const [json, version] = values(reply);
  return { json: text(json), version: integer(version) };
}

export async function writeSessionData(
  run: RunScript,
  input: OperationInput<"writeSessionData">,
): Promise<OperationOutput<"writeSessionData">> {
  const { json, expected } = input;
  const reply = await run(WRITE_DATA, homeOf(input), { ...nameOf(input), json, expected });
  if (reply === null) return null;
  const version = integer(reply);
  return version < 0 ? { ok: false, reason: "conflict" } : { ok: true, version };
}
