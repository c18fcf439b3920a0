import { nameKey } from "./keys.ts";
import { textOrNull } from "./reply.ts";
import { type RunScript, readsKey, writesKey } from "./script.ts";

/** How long a name is kept for an account that is being made (ms): well past the deadline of the making. */
const CLAIM_LIFE = 60_000;

const HOLDER = readsKey("name-holder", { body: "return redis.call('GET', KEYS[1])" });

const CLAIM = writesKey("name-claim", {
  body: `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= input.sub then return 0 end
if not holder or redis.call('PTTL', KEYS[1]) > 0 then redis.call('SET', KEYS[1], input.sub, 'PX', ${CLAIM_LIFE}) end
return 1`,
});

const KEEP = writesKey("name-keep", {
  body: `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= input.sub then return 0 end
redis.call('SET', KEYS[1], input.sub)
return 1`,
});

const FREE = writesKey("name-free", {
  body: "if redis.call('GET', KEYS[1]) == input.sub then redis.call('DEL', KEYS[1]) end",
});

interface Name {
  readonly usernameKey: string;
  readonly sub: string;
}

/**
 * The one key outside of the partitions: username -> user id. It is claimed before the account is made, for a time; kept once it is
 * made; and freed when the account is gone.
 */
export const nameHolder = async (run: RunScript, usernameKey: string): Promise<string | null> =>
  textOrNull(await run(HOLDER, nameKey(usernameKey), {}));

/** False: somebody else has the name. */
export const claimName = async (run: RunScript, { usernameKey, sub }: Name): Promise<boolean> =>
  (await run(CLAIM, nameKey(usernameKey), { sub })) === 1;

/** False: the claim ran out, and somebody else has the name. */
export const keepName = async (run: RunScript, { usernameKey, sub }: Name): Promise<boolean> =>
  (await run(KEEP, nameKey(usernameKey), { sub })) === 1;

export async function freeName(run: RunScript, { usernameKey, sub }: Name): Promise<void> {
  await run(FREE, nameKey(usernameKey), { sub });
}
