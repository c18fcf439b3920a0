import type { HeldRevocation, RevocationTarget } from "../../revocation/entry.ts";
import type { OperationInput } from "../operations.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS, COMMON, partitionOf } from "./partition.ts";
import { text, values } from "./reply.ts";
import { moveClientNotBefore } from "./revocations.ts";
import { type RunScript, writes } from "./script.ts";
import { ENDING } from "./scripts/libraries.ts";

const PUBLISH_AGAIN = `
local function publish_again(held)
  publish(META, BASE .. 'feed', now, time[2] % 1000, cjson.encode(held.target), held.expires)
end
`;

/** Ends again, and publishes, those of the sessions whose records are in this partition; answers with their ids. */
const SESSIONS = writes("restore-sessions", {
  uses: [...ENDING, PUBLISH_AGAIN],
  body: `
local ended = {}
for _, held in ipairs(input.held) do
  local sid = held.target.sid
  local session = session_of(sid)
  if session then
    forget_session(session)
    record('session_ended', { actor = 'postern', sub = session.sub, sid = sid, detail = reason_detail('revoked') })
    publish_again(held)
    ended[#ended + 1] = sid
  end
end
return ended`,
});

/** Ends again the sessions of users whose records are, or would be, in this partition. */
const USERS = writes("restore-users", {
  uses: [...ENDING, PUBLISH_AGAIN],
  body: `
for _, held in ipairs(input.held) do
  local user = user_of(held.target.sub)
  if user then move_user_not_before(user, held.target.before, true) end
  for _, sid in ipairs(sids_of(held.target.sub)) do
    local session = session_of(sid)
    if session and session.createdAt <= held.target.before then forget_session(session) end
  end
  publish_again(held)
end`,
});

const EVERYTHING = writes("restore-everything", {
  uses: ENDING,
  body: `
redis.call('HSET', META, 'sessionsNotBefore', math.max(sessions_not_before, input.before),
  'tokensNotBefore', math.max(tokens_not_before, input.before))
not_before_moved(input.before)`,
});

/** What belongs to no user, and what names a session of which no record is left. */
const IN_COMMON = writes("restore", {
  uses: [...ENDING, PUBLISH_AGAIN],
  body: `
for _, held in ipairs(input.held) do
  local key = held.target.kid and BASE .. 'key:' .. held.target.kid
  if key and redis.call('EXISTS', key) == 1 then redis.call('HSETNX', key, 'revokedAt', now) end
  publish_again(held)
end`,
});

type Held<K extends RevocationTarget["kind"]> = HeldRevocation & { readonly target: { readonly kind: K } };

/** Durable first, published after it or with it, as when the revocations were made. */
export async function restore(run: RunScript, { revocations }: OperationInput<"restore">): Promise<void> {
  const of = <K extends RevocationTarget["kind"]>(kind: K) =>
    revocations.filter((held): held is Held<K> => held.target.kind === kind);

  for (const { target } of of("all")) {
    await Promise.all(
      ALL_PARTITIONS.map((partition) => run(EVERYTHING, metaKey(partition), { before: target.before })),
    );
  }
  for (const { target } of of("client")) await moveClientNotBefore(run, target.clientId, target.before);
  await restoreUsers(run, of("user"));
  const sessions = of("session");
  const ended = await endSessions(run, sessions);
  const rest = [
    ...of("all"),
    ...of("client"),
    ...of("key"),
    ...sessions.filter(({ target }) => !ended.has(target.sid)),
    ...of("token"),
  ];
  if (rest.length > 0) await run(IN_COMMON, metaKey(COMMON), { held: rest });
}

async function restoreUsers(run: RunScript, users: readonly Held<"user">[]): Promise<void> {
  const byPartition = Map.groupBy(users, ({ target }) => partitionOf(target.sub));
  await Promise.all([...byPartition].map(([partition, held]) => run(USERS, metaKey(partition), { held })));
}

/** The ids of those that were still there. Which partition a session is in, only its user's id would tell. */
async function endSessions(run: RunScript, held: readonly Held<"session">[]): Promise<ReadonlySet<string>> {
  if (held.length === 0) return new Set();
  const ended = await Promise.all(ALL_PARTITIONS.map((partition) => run(SESSIONS, metaKey(partition), { held })));
  return new Set(ended.flatMap((sids) => values(sids).map(text)));
}
