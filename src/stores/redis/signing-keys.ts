import type { StoredKey } from "../../keys/stored-key.ts";
import { ALGORITHMS } from "../../protocol/claims.ts";
import type { OperationInput, OperationOutput } from "../operations.ts";
import { metaKey } from "./keys.ts";
import { COMMON } from "./partition.ts";
import { flag, integer, text, values, word } from "./reply.ts";
import { type RunScript, reads, writes } from "./script.ts";
import { RECORDS } from "./scripts/libraries.ts";

const KEYS = `
local function signing_key(kid) return BASE .. 'key:' .. kid end

-- Those past their time are gone, before a sweep clears them away, too. In the order of their coming; the newest is the one
-- that was created last.
local function live_kids()
  local kids, newest, newest_created = {}, nil, 0
  for _, kid in ipairs(redis.call('ZRANGE', BASE .. 'keys', 0, -1)) do
    local times = redis.call('HMGET', signing_key(kid), 'removeAt', 'createdAt')
    if times[1] and tonumber(times[1]) > now then
      kids[#kids + 1] = kid
      if tonumber(times[2]) >= newest_created then newest, newest_created = kid, tonumber(times[2]) end
    end
  end
  return kids, newest
end
`;

const LIST = reads("keys", {
  uses: [KEYS],
  body: `
local replies = {}
for index, kid in ipairs((live_kids())) do
  replies[index] = { kid, unpack(redis.call('HMGET', signing_key(kid), 'alg', 'publicJwk', 'wrappedPrivate', 'secretId',
    'createdAt', 'signsFrom', 'signsUntil', 'removeAt', 'revokedAt')) }
end
return { replies, now }`,
});

const ADD = writes("key-add", {
  uses: [...RECORDS, KEYS],
  body: `
local key = input.key
local _, newest = live_kids()
if newest ~= input.expectedNewest then return 0 end
redis.call('HSET', signing_key(key.kid), 'alg', key.alg, 'publicJwk', key.publicJwk, 'wrappedPrivate', key.wrappedPrivate,
  'secretId', key.secretId, 'createdAt', key.createdAt, 'signsFrom', key.signsFrom, 'signsUntil', key.signsUntil,
  'removeAt', key.removeAt)
if key.revokedAt then redis.call('HSET', signing_key(key.kid), 'revokedAt', key.revokedAt) end
redis.call('ZADD', BASE .. 'keys', redis.call('HINCRBY', META, 'keys', 1), key.kid)
record('key_created', { actor = 'postern', detail = cjson.encode({ kid = key.kid, alg = key.alg }) })
return 1`,
});

const REWRAP = writes("key-rewrap", {
  uses: [KEYS],
  body: `
if redis.call('HGET', signing_key(input.kid), 'secretId') ~= input.expectedSecretId then return 0 end
redis.call('HSET', signing_key(input.kid), 'wrappedPrivate', input.wrappedPrivate, 'secretId', input.secretId)
return 1`,
});

const HOME = metaKey(COMMON);

function keyOf(reply: unknown): StoredKey {
  const [kid, alg, publicJwk, wrappedPrivate, secretId, createdAt, signsFrom, signsUntil, removeAt, revokedAt] =
    values(reply);
  return {
    kid: text(kid),
    alg: word(alg, ALGORITHMS),
    publicJwk: text(publicJwk),
    wrappedPrivate: text(wrappedPrivate),
    secretId: text(secretId),
    createdAt: integer(createdAt),
    signsFrom: integer(signsFrom),
    signsUntil: integer(signsUntil),
    removeAt: integer(removeAt),
    revokedAt: revokedAt === null ? null : integer(revokedAt),
  };
}

export async function keys(run: RunScript): Promise<OperationOutput<"keys">> {
  const [replies, now] = values(await run(LIST, HOME, {}));
  return { keys: values(replies).map(keyOf), now: integer(now) };
}

export async function addKey(run: RunScript, { key, expectedNewest }: OperationInput<"addKey">): Promise<boolean> {
  const added = { ...key, revokedAt: key.revokedAt ?? undefined };
  return flag(await run(ADD, HOME, { key: added, expectedNewest: expectedNewest ?? undefined }));
}

export async function rewrapKey(run: RunScript, input: OperationInput<"rewrapKey">): Promise<boolean> {
  return flag(await run(REWRAP, HOME, input));
}
