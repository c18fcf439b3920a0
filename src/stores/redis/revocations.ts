import type { RevocationTarget } from "../../revocation/entry.ts";
import type { OperationInput } from "../operations.ts";
import type { RevokeResult } from "../store.ts";
import { BEGINNING, cursorAt, entryOf } from "./entries.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS, COMMON, partitionOf } from "./partition.ts";
import { integer, textOrNull, values } from "./reply.ts";
import { type RunScript, reads, type Script, writes } from "./script.ts";
import { ENDING, NOT_BEFORE_ONLY, RECORDS } from "./scripts/libraries.ts";
import { originOf } from "./users.ts";

type Request = OperationInput<"revoke">;
type TargetOf<K extends RevocationTarget["kind"]> = RevocationTarget & { readonly kind: K };

/** Tells the audit trail what was revoked. */
const TELL = `
local function tell(target, sessions)
  record(target.kind == 'key' and 'key_revoked' or 'revoked', {
    actor = input.origin.actor, sub = input.toldSub, sid = target.sid, address = input.origin.address,
    detail = cjson.encode({
      target = target.kind, jti = target.jti, clientId = target.clientId, kid = target.kid, before = target.before,
      note = input.note, reason = input.reason, sessions = sessions,
    }),
  })
end
`;

const SESSION = writes("revoke-session", {
  uses: [...ENDING, TELL],
  body: `
local user = user_of(input.sub)
local users = user and 1 or 0
if input.dryRun then return { is_live(own_session(input.sub, input.target.sid), user) and 1 or 0, users } end
local existed, entry = end_session(input.sub, input.target.sid, input.reason, input.origin)
tell(input.target, existed and 1 or 0)
return { existed and 1 or 0, users, entry_reply(entry) }`,
});

const USER = writes("revoke-user", {
  uses: [...ENDING, TELL],
  body: `
local user = user_of(input.target.sub)
local users = user and 1 or 0
local before = in_the_past(input.target.before) or user_before_now(user)
if input.dryRun then return { count_live(input.target.sub, user, before), users } end
local sessions, entry = end_all_of_user(input.target.sub, user, before)
tell({ kind = 'user', before = before }, sessions)
return { sessions, users, entry_reply(entry) }`,
});

/** What belongs to no user. Of everything and of a client this is the last of the partitions' scripts. */
const IN_COMMON = writes("revoke", {
  uses: [...ENDING, TELL],
  body: `
local target = input.target
if target.kind == 'key' then
  local key = BASE .. 'key:' .. target.kid
  if redis.call('EXISTS', key) == 1 then redis.call('HSETNX', key, 'revokedAt', now) end
end
local entry = publish_target(target)
tell(target, input.sessions)
return entry_reply(entry)`,
});

const OWNER = reads("session-owner", { body: "return redis.call('HGET', BASE .. 'session:' .. input.sid, 'sub')" });

/** A before, as of now, that covers every token which this partition has issued to the client, or to anybody. */
const FLOOR = reads("revoke-floor", {
  uses: NOT_BEFORE_ONLY,
  body: `
local floor = input.clientId and math.max(tokens_not_before, client_not_before(input.clientId)) or latest_not_before
return { now, before_now(floor) }`,
});

const CLIENT_NOT_BEFORE = writes("client-not-before", {
  uses: NOT_BEFORE_ONLY,
  body: "move_client_not_before(input.clientId, input.before)",
});

/**
 * Ends a partition's sessions by its not-before record, whatever their number; a sweep clears them away. Those that were made before
 * the clock was set back lie above it and are cleared away here.
 */
const EVERYTHING = writes("revoke-everything", {
  uses: RECORDS,
  body: `
local births, before = BASE .. 'session-births', input.before
local ended = redis.call('ZCOUNT', births, '(' .. sessions_not_before, before)
local above = {}
if input.asOfNow then above = redis.call('ZRANGE', births, '(' .. math.max(now, before), '+inf', 'BYSCORE') end
local reply = { ended + #above, redis.call('ZCARD', BASE .. 'usernames') }
if input.dryRun then return reply end
for _, sid in ipairs(above) do
  local session = session_of(sid)
  if session then forget_session(session) end
end
if before > sessions_not_before then redis.call('HSET', META, 'sessionsNotBefore', before) end
if before > tokens_not_before then redis.call('HSET', META, 'tokensNotBefore', before) end
not_before_moved(before)
return reply`,
});

export async function revoke(run: RunScript, request: Request): Promise<RevokeResult> {
  const { target } = request;
  switch (target.kind) {
    case "token":
    case "key":
      return request.dryRun ? NOTHING : publishInCommon(run, request, target, { sessions: 0, users: 0 });
    case "session":
      return session(run, request, target);
    case "user":
      return ofUser(run, USER, partitionOf(target.sub), { ...asked(request), toldSub: target.sub });
    case "client": {
      if (request.dryRun) return NOTHING;
      const { before } = await beforeOf(run, target.before, target.clientId);
      await moveClientNotBefore(run, target.clientId, before);
      return publishInCommon(run, request, { ...target, before }, { sessions: 0, users: 0 });
    }
    case "all":
      return everything(run, request, target);
  }
}

const NOTHING: RevokeResult = { entries: [], cursor: cursorAt(COMMON, BEGINNING), sessions: 0, users: 0 };

interface Counts {
  readonly sessions: number;
  readonly users: number;
}

const asked = ({ target, reason, note, dryRun, origin }: Request): object => ({
  ...{ target, reason, dryRun, origin: originOf(origin) },
  note: note ?? undefined,
});

async function session(run: RunScript, request: Request, target: TargetOf<"session">): Promise<RevokeResult> {
  const sub = request.sub ?? (await ownerOf(run, target.sid));
  if (sub !== null) {
    return ofUser(run, SESSION, partitionOf(sub), { ...asked(request), sub, toldSub: request.sub ?? undefined });
  }
  return request.dryRun ? NOTHING : publishInCommon(run, request, target, { sessions: 0, users: 0 });
}

async function ownerOf(run: RunScript, sid: string): Promise<string | null> {
  const owners = await Promise.all(ALL_PARTITIONS.map((partition) => run(OWNER, metaKey(partition), { sid })));
  return textOrNull(owners.find((owner) => owner !== null) ?? null);
}

async function ofUser(run: RunScript, script: Script, partition: number, input: object): Promise<RevokeResult> {
  const [sessions, users, entry] = values(await run(script, metaKey(partition), input));
  const counts = { sessions: integer(sessions), users: integer(users) };
  return entry === undefined ? { ...NOTHING, ...counts } : published(partition, entry, counts);
}

async function publishInCommon(
  run: RunScript,
  request: Request,
  target: RevocationTarget,
  counts: Counts,
): Promise<RevokeResult> {
  const input = { ...asked(request), target, sessions: counts.sessions };
  return published(COMMON, await run(IN_COMMON, metaKey(COMMON), input), counts);
}

function published(partition: number, reply: unknown, counts: Counts): RevokeResult {
  const { position, entry } = entryOf(reply);
  return { entries: [entry], cursor: cursorAt(partition, position), ...counts };
}

/** The before that a revocation in every partition goes by: one in the future is taken as now. */
export async function beforeOf(
  run: RunScript,
  asked: number,
  clientId: string | undefined,
): Promise<{ readonly before: number; readonly asOfNow: boolean }> {
  const floors = await Promise.all(ALL_PARTITIONS.map((partition) => run(FLOOR, metaKey(partition), { clientId })));
  const read = floors.map((floor) => values(floor).map(integer));
  const asOfNow = asked >= Math.min(...read.map(([now = 0]) => now));
  return { before: asOfNow ? Math.max(...read.map(([, floor = 0]) => floor)) : asked, asOfNow };
}

/** Durable before it is published, so that no partition issues a token that the entry would refuse once it is acknowledged. */
export async function moveClientNotBefore(run: RunScript, clientId: string, before: number): Promise<void> {
  await Promise.all(
    ALL_PARTITIONS.map((partition) => run(CLIENT_NOT_BEFORE, metaKey(partition), { clientId, before })),
  );
}

async function everything(run: RunScript, request: Request, target: TargetOf<"all">): Promise<RevokeResult> {
  const { dryRun } = request;
  const { before, asOfNow } = await beforeOf(run, target.before, undefined);
  const replies = await Promise.all(
    ALL_PARTITIONS.map((partition) => run(EVERYTHING, metaKey(partition), { before, asOfNow, dryRun })),
  );
  const sum = (index: number): number => replies.reduce<number>((all, reply) => all + integer(values(reply)[index]), 0);
  const counts = { sessions: sum(0), users: sum(1) };
  return dryRun ? { ...NOTHING, ...counts } : publishInCommon(run, request, { ...target, before }, counts);
}
