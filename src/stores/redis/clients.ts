import type { Client } from "../../accounts/records.ts";
import { compareUtf8 } from "../../lib/utf8-order.ts";
import type { OperationInput } from "../operations.ts";
import { metaKey } from "./keys.ts";
import { COMMON } from "./partition.ts";
import { flag, integer, text, texts, values } from "./reply.ts";
import { beforeOf, moveClientNotBefore } from "./revocations.ts";
import { type RunScript, reads, writes } from "./script.ts";
import { ENDING, NOT_BEFORE_ONLY, RECORDS } from "./scripts/libraries.ts";
import { originOf } from "./users.ts";

const CLIENTS = `
local function client_key(id) return BASE .. 'client:' .. id end

local function client_reply(id)
  local values = redis.call('HMGET', client_key(id), 'name', 'secretHash', 'scopes', 'createdAt')
  return values[1] and { id, unpack(values) }
end

local function tell(kind, id)
  record(kind, { actor = input.origin.actor, address = input.origin.address, detail = cjson.encode({ clientId = id }) })
end
`;

const CREATE = writes("client-create", {
  uses: [...RECORDS, CLIENTS],
  body: `
local known = client_reply(input.id)
if known then return known end
redis.call('HSET', client_key(input.id), 'name', input.name, 'secretHash', input.secretHash, 'scopes', input.scopes,
  'createdAt', now)
redis.call('SADD', BASE .. 'clients', input.id)
tell('client_created', input.id)
return client_reply(input.id)`,
});

const GET = reads("client", { uses: [...RECORDS, CLIENTS], body: "return client_reply(input.id)" });

const LIST = reads("clients", {
  uses: [...RECORDS, CLIENTS],
  body: `
local replies = {}
for _, id in ipairs(redis.call('SMEMBERS', BASE .. 'clients')) do replies[#replies + 1] = client_reply(id) or nil end
return replies`,
});

const ROTATE = writes("client-rotate", {
  uses: [...RECORDS, CLIENTS],
  body: `
if redis.call('EXISTS', client_key(input.id)) == 0 then return 0 end
redis.call('HSET', client_key(input.id), 'secretHash', input.secretHash)
tell('client_rotated', input.id)
return 1`,
});

const REMOVE = writes("client-remove", {
  uses: [...ENDING, CLIENTS],
  body: `
if redis.call('DEL', client_key(input.id)) == 0 then return 0 end
redis.call('SREM', BASE .. 'clients', input.id)
publish_target({ kind = 'client', clientId = input.id, before = input.before })
tell('client_removed', input.id)
return 1`,
});

const ISSUE_TIME = writes("client-issue-time", { uses: NOT_BEFORE_ONLY, body: "return issue_time(0, input.id)" });

const HOME = metaKey(COMMON);

function clientOf(reply: unknown): Client {
  const [id, name, secretHash, scopes, createdAt] = values(reply);
  return {
    id: text(id),
    name: text(name),
    secretHash: text(secretHash),
    scopes: texts(scopes),
    createdAt: integer(createdAt),
  };
}

export async function createClient(
  run: RunScript,
  { client, origin }: OperationInput<"createClient">,
): Promise<Client> {
  const { id, name, secretHash } = client;
  const made = { id, name, secretHash, scopes: JSON.stringify(client.scopes), origin: originOf(origin) };
  return clientOf(await run(CREATE, HOME, made));
}

export async function clientById(run: RunScript, { clientId }: { readonly clientId: string }): Promise<Client | null> {
  const reply = await run(GET, HOME, { id: clientId });
  return reply === null ? null : clientOf(reply);
}

export async function listClients(run: RunScript): Promise<readonly Client[]> {
  const clients = values(await run(LIST, HOME, {})).map(clientOf);
  return clients.sort((a, b) => compareUtf8(a.name, b.name) || compareUtf8(a.id, b.id));
}

export async function rotateClientSecret(
  run: RunScript,
  { clientId, secretHash, origin }: OperationInput<"rotateClientSecret">,
): Promise<boolean> {
  return flag(await run(ROTATE, HOME, { id: clientId, secretHash, origin: originOf(origin) }));
}

export async function removeClient(
  run: RunScript,
  { clientId, origin }: OperationInput<"removeClient">,
): Promise<boolean> {
  if ((await clientById(run, { clientId })) === null) return false;
  const { before } = await beforeOf(run, Number.MAX_SAFE_INTEGER, clientId);
  await moveClientNotBefore(run, clientId, before);
  return flag(await run(REMOVE, HOME, { id: clientId, before, origin: originOf(origin) }));
}

export async function clientIssueTime(run: RunScript, { clientId }: { readonly clientId: string }): Promise<number> {
  return integer(await run(ISSUE_TIME, HOME, { id: clientId }));
}
