import { randomId } from "../../lib/ids.ts";
import { CLOCK_MARGIN } from "../lifetimes.ts";
import type { OperationInput } from "../operations.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS } from "./partition.ts";
import { textOrNull, values } from "./reply.ts";
import { beginsPartition, type RunScript, readsKey, writesKey } from "./script.ts";
import { NOT_BEFORE } from "./scripts/not-before.ts";
import { PUBLISH } from "./scripts/publish.ts";

/** The longest that an access token may be configured to live: what has announced shorter lives has been lost with the rest. */
const LONGEST_ACCESS_TTL = 3_600_000;
/** A clock that was seen further ahead than this (ms) is not believed. */
const AHEAD = 60_000;

const STATE = readsKey("epoch", { body: "return redis.call('HMGET', KEYS[1], 'epoch', 'clock')" });

const BEGIN = writesKey("begin", { body: "redis.call('HSETNX', KEYS[1], 'epoch', input.epoch)" });

/**
 * Refuses every access token issued so far, for those who come from another history: a partition without an epoch is given one in
 * the same step. Done once, however many gateways notice; and again when the same history comes back later.
 */
const SEAL = beginsPartition("seal", {
  uses: [NOT_BEFORE, PUBLISH],
  body: `
if meta[1] == input.from then return end
local sealed = redis.call('HMGET', META, 'sealedFrom', 'sealedBefore')
if sealed[1] == input.from and tonumber(sealed[2]) >= input.seen then return end
local before = math.max(before_now(latest_not_before), math.min(input.seen, now + ${AHEAD}))
redis.call('HSET', META, 'tokensNotBefore', math.max(tokens_not_before, before), 'sealedFrom', input.from, 'sealedBefore', before)
not_before_moved(before)
local target = cjson.encode({ kind = 'all', before = before })
publish(META, BASE .. 'feed', now, time[2] % 1000, target, now + ${LONGEST_ACCESS_TTL + CLOCK_MARGIN})`,
});

/**
 * Gives every partition that has none an epoch, 128 random bits, by which readers notice that its history is another. A store that
 * nothing has been written to begins so; where some partitions have been in use, those without were wiped.
 */
export async function beginPartitions(run: RunScript): Promise<void> {
  const states = await Promise.all(ALL_PARTITIONS.map((partition) => run(STATE, metaKey(partition), {})));
  const known = states.map((state) => values(state).map(textOrNull));
  const inUse = known.some(([epoch, clock]) => epoch !== null && clock !== null);
  const missing = ALL_PARTITIONS.filter((partition) => (known[partition]?.[0] ?? null) === null);
  await Promise.all(
    missing.map((partition) =>
      inUse
        ? run(SEAL, metaKey(partition), { epoch: randomId(), from: "", seen: 0 })
        : run(BEGIN, metaKey(partition), { epoch: randomId() }),
    ),
  );
}

export async function sealFeed(run: RunScript, { from, seen }: OperationInput<"sealFeed">): Promise<void> {
  await Promise.all(
    ALL_PARTITIONS.map((partition) =>
      run(SEAL, metaKey(partition), { epoch: randomId(), from: from[partition] ?? "", seen }),
    ),
  );
}
