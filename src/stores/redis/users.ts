import type { User } from "../../accounts/records.ts";
import { compareUtf8 } from "../../lib/utf8-order.ts";
import type { OperationInput, OperationOutput } from "../operations.ts";
import type { Origin } from "../store.ts";
import { metaKey } from "./keys.ts";
import { claimName, freeName, keepName, nameHolder } from "./names.ts";
import { ALL_PARTITIONS, partitionOf } from "./partition.ts";
import { flag, integer, text, textOrNull, texts, values } from "./reply.ts";
import { type RunScript, reads, writes } from "./script.ts";
import { ENDING, RECORDS } from "./scripts/libraries.ts";

const CREATE = writes("user-create", {
  uses: RECORDS,
  body: `
local known = user_of(input.id)
-- The same user again is a caller whose first reply was lost.
if known then return user_reply(known) end
redis.call('HSET', user_key(input.id), 'username', input.username, 'usernameKey', input.usernameKey, 'roles', input.roles,
  'disabled', 0, 'createdAt', now, 'sessionsNotBefore', 0, 'tokensNotBefore', 0)
if input.passwordHash then redis.call('HSET', user_key(input.id), 'passwordHash', input.passwordHash) end
redis.call('ZADD', BASE .. 'usernames', 0, input.usernameKey .. ' ' .. input.id)
redis.call('HSET', BASE .. 'unsettled-names', input.id, input.usernameKey)
record(input.kind, { actor = input.origin.actor, sub = input.id, address = input.origin.address, detail = input.detail })
return user_reply(user_of(input.id))`,
});

const GET = reads("user", {
  uses: RECORDS,
  body: `
local user = user_of(input.sub)
return user and user_reply(user)`,
});

const LIST = reads("users", {
  uses: RECORDS,
  body: `
local users = {}
for _, member in ipairs(redis.call('ZRANGE', BASE .. 'usernames', input.from, '+', 'BYLEX', 'LIMIT', 0, input.limit)) do
  local user = user_of(string.match(member, ' (.*)$'))
  if user then users[#users + 1] = user_reply(user) end
end
return users`,
});

const SET_PASSWORD = writes("user-password", {
  uses: ENDING,
  body: `
local user = user_of(input.sub)
if not user or (input.expected and user.passwordHash ~= input.expected) then return { 0, 0 } end
redis.call('HSET', user_key(input.sub), 'passwordHash', input.passwordHash)
-- The same password under other parameters is no event.
local rehash = input.expected and not input.endSessions
if not rehash then
  record('password_changed', { actor = input.origin.actor, sub = input.sub, address = input.origin.address, detail = '{}' })
end
if not input.endSessions then return { 1, 0 } end
if not input.keep or not is_live(own_session(input.sub, input.keep), user) then return { 1, end_all_of_user_now(user) } end
-- A not-before would end the one that is kept: each of the others ends by itself.
local ended = 0
for _, session in ipairs(live_sessions(input.sub, user)) do
  if session.sid ~= input.keep then
    end_session(input.sub, session.sid, 'password_changed', input.origin)
    ended = ended + 1
  end
end
return { 1, ended }`,
});

const SET_ROLES = writes("user-roles", {
  uses: ENDING,
  body: `
local user = user_of(input.sub)
if not user or user.roles == input.roles then return user and user_reply(user) end
redis.call('HSET', user_key(input.sub), 'roles', input.roles)
local before = user_before_now(user)
move_user_not_before(user, before, false)
publish_target({ kind = 'user', sub = input.sub, before = before })
record('roles_changed', { actor = input.origin.actor, sub = input.sub, address = input.origin.address, detail = input.detail })
return user_reply(user_of(input.sub))`,
});

const SET_DISABLED = writes("user-disabled", {
  uses: ENDING,
  body: `
local user = user_of(input.sub)
if not user then return false end
-- Counted before the flag is set: the sessions of a disabled user are not live.
local sessions = input.disabled and end_all_of_user_now(user) or 0
redis.call('HSET', user_key(input.sub), 'disabled', input.disabled and 1 or 0)
local about = { actor = input.origin.actor, sub = input.sub, address = input.origin.address, detail = '{}' }
if input.disabled then
  about.detail = cjson.encode({ sessions = sessions })
  record('user_disabled', about)
elseif user.disabled then
  record('user_enabled', about)
end
return { user_reply(user_of(input.sub)), sessions }`,
});

const DELETE = writes("user-delete", {
  uses: ENDING,
  body: `
local user = user_of(input.sub)
if not user then return false end
local sessions = end_all_of_user_now(user)
redis.call('DEL', user_key(input.sub))
redis.call('ZREM', BASE .. 'usernames', user.usernameKey .. ' ' .. input.sub)
redis.call('HSET', BASE .. 'unsettled-names', input.sub, user.usernameKey)
record('user_deleted', { actor = input.origin.actor, sub = input.sub, address = input.origin.address,
  detail = cjson.encode({ username = user.username, sessions = sessions }) })
return { user.usernameKey, sessions }`,
});

const UNSETTLED = reads("names-unsettled", { body: "return redis.call('HGETALL', BASE .. 'unsettled-names')" });

const SETTLED = writes("name-settled", {
  body: "redis.call('HDEL', BASE .. 'unsettled-names', input.sub)",
});

/** The account was never acknowledged: its name has gone to somebody else meanwhile. */
const UNMAKE = writes("user-unmake", {
  body: `
redis.call('DEL', BASE .. 'user:' .. input.sub)
redis.call('ZREM', BASE .. 'usernames', input.usernameKey .. ' ' .. input.sub)`,
});

const homeOf = (sub: string): string => metaKey(partitionOf(sub));

export const originOf = ({ actor, address }: Origin): object => ({ actor, address: address ?? undefined });

export function userOf(reply: unknown): User {
  const [id, username, usernameKey, passwordHash, roles, disabled, createdAt, notBefore] = values(reply);
  return {
    id: text(id),
    username: text(username),
    usernameKey: text(usernameKey),
    passwordHash: textOrNull(passwordHash),
    roles: texts(roles),
    disabled: flag(disabled),
    createdAt: integer(createdAt),
    notBefore: integer(notBefore),
  };
}

const userOrNull = (reply: unknown): User | null => (reply === null ? null : userOf(reply));

export async function createUser(
  run: RunScript,
  { user, origin }: OperationInput<"createUser">,
): Promise<OperationOutput<"createUser">> {
  const name = { usernameKey: user.usernameKey, sub: user.id };
  if (!(await claimName(run, name))) return { ok: false, reason: "conflict" };
  const reply = await run(CREATE, homeOf(user.id), {
    ...user,
    passwordHash: user.passwordHash ?? undefined,
    roles: JSON.stringify(user.roles),
    kind: origin.actor === user.id ? "registered" : "user_created",
    detail: JSON.stringify({ username: user.username }),
    origin: originOf(origin),
  });
  return (await settleName(run, name)) ? { ok: true, user: userOf(reply) } : { ok: false, reason: "conflict" };
}

/** Makes a name's key say what the account's record says. False: somebody else has the name, and the account is unmade. */
async function settleName(
  run: RunScript,
  name: { readonly usernameKey: string; readonly sub: string },
): Promise<boolean> {
  const home = homeOf(name.sub);
  const exists = (await run(GET, home, { sub: name.sub })) !== null;
  if (!exists) await freeName(run, name);
  const kept = !exists || (await keepName(run, name));
  if (!kept) await run(UNMAKE, home, name);
  await run(SETTLED, home, { sub: name.sub });
  return kept;
}

/** Settles the names of accounts whose making or deletion was cut off half-way. */
export async function settleNames(run: RunScript, partition: number): Promise<void> {
  const pairs = values(await run(UNSETTLED, metaKey(partition), {})).map(text);
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    await settleName(run, { sub: pairs[index] ?? "", usernameKey: pairs[index + 1] ?? "" });
  }
}

export async function userById(run: RunScript, { sub }: { readonly sub: string }): Promise<User | null> {
  return userOrNull(await run(GET, homeOf(sub), { sub }));
}

export async function userByName(
  run: RunScript,
  { usernameKey }: { readonly usernameKey: string },
): Promise<User | null> {
  const sub = await nameHolder(run, usernameKey);
  return sub === null ? null : userById(run, { sub });
}

export async function listUsers(
  run: RunScript,
  { after, limit }: OperationInput<"listUsers">,
): Promise<readonly User[]> {
  // Members are the name, a space and the id; the space stands before everything that a name may hold.
  const from = after === null ? "-" : `(${after}!`;
  const replies = await Promise.all(ALL_PARTITIONS.map((partition) => run(LIST, metaKey(partition), { from, limit })));
  const users = replies.flatMap((reply) => values(reply).map(userOf));
  return users.sort((a, b) => compareUtf8(a.usernameKey, b.usernameKey)).slice(0, limit);
}

export async function setPassword(
  run: RunScript,
  input: OperationInput<"setPassword">,
): Promise<OperationOutput<"setPassword">> {
  const { expected, keep, origin } = input;
  const absent = { expected: expected ?? undefined, keep: keep ?? undefined, origin: originOf(origin) };
  const [ok, sessions] = values(await run(SET_PASSWORD, homeOf(input.sub), { ...input, ...absent }));
  return { ok: flag(ok), sessions: integer(sessions) };
}

export async function setRoles(
  run: RunScript,
  { sub, roles, origin }: OperationInput<"setRoles">,
): Promise<User | null> {
  const detail = JSON.stringify({ roles: roles.join(" ") });
  const change = { sub, roles: JSON.stringify(roles), detail, origin: originOf(origin) };
  return userOrNull(await run(SET_ROLES, homeOf(sub), change));
}

export async function setDisabled(
  run: RunScript,
  { sub, disabled, origin }: OperationInput<"setDisabled">,
): Promise<OperationOutput<"setDisabled">> {
  const reply = await run(SET_DISABLED, homeOf(sub), { sub, disabled, origin: originOf(origin) });
  if (reply === null) return null;
  const [user, sessions] = values(reply);
  return { user: userOf(user), sessions: integer(sessions) };
}

export async function deleteUser(
  run: RunScript,
  { sub, origin }: OperationInput<"deleteUser">,
): Promise<OperationOutput<"deleteUser">> {
  const reply = await run(DELETE, homeOf(sub), { sub, origin: originOf(origin) });
  if (reply === null) return null;
  const [usernameKey, sessions] = values(reply);
  await settleName(run, { sub, usernameKey: text(usernameKey) });
  return { sessions: integer(sessions) };
}
