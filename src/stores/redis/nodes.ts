import { RECEIPT_LIFE } from "../lifetimes.ts";
import type { OperationInput, OperationOutput } from "../operations.ts";
import type { NodeReceipt } from "../records.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS, COMMON } from "./partition.ts";
import { integer, text, texts, values } from "./reply.ts";
import { type RunScript, reads, replaces, writes } from "./script.ts";

/** How often (ms) a gateway repeats in every partition how long its access tokens live: well within what the feed allows for. */
const LIFETIME_EVERY = 20_000;

const HOME = metaKey(COMMON);

// A gateway whose receipts are not taken refuses tokens in the end; memory that is full is no reason for that.
const ANNOUNCE = replaces("announce", {
  body: `
redis.call('HSET', BASE .. 'nodes', input.node, now .. ' ' .. input.receipt)
return { now, meta[1] }`,
});

const LIFETIME = replaces("access-lifetime", { body: "redis.call('HSET', META, 'ttl:' .. input.ttl, now)" });

const LIST = reads("nodes", { body: "return { now, redis.call('HGETALL', BASE .. 'nodes') }" });

const RETIRE = writes("retire", { body: "redis.call('HDEL', BASE .. 'nodes', input.node)" });

/** Writes receipts, and what the feed keeps its entries by. */
export function announcing(run: RunScript): (input: OperationInput<"announce">) => Promise<void> {
  let written = { at: Number.NEGATIVE_INFINITY, epoch: "", ttl: 0 };
  return async ({ receipt: { node, ...receipt }, accessTtl: ttl }) => {
    const [now, epoch] = values(await run(ANNOUNCE, HOME, { node, receipt: JSON.stringify(receipt) }));
    const known = { at: integer(now), epoch: text(epoch), ttl };
    if (known.epoch === written.epoch && ttl === written.ttl && Math.abs(known.at - written.at) < LIFETIME_EVERY)
      return;
    await Promise.all(ALL_PARTITIONS.map((partition) => run(LIFETIME, metaKey(partition), { ttl })));
    written = known;
  };
}

export async function nodes(run: RunScript): Promise<OperationOutput<"nodes">> {
  const [time, pairs] = values(await run(LIST, HOME, {}));
  const now = integer(time);
  const flat = values(pairs).map(text);
  const receipts: NodeReceipt[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const receipt = receiptOf(flat[index] ?? "", flat[index + 1] ?? "");
    if (receipt.at > now - RECEIPT_LIFE) receipts.push(receipt);
  }
  return { nodes: receipts.sort((a, b) => (a.node < b.node ? -1 : 1)), now };
}

export async function retire(run: RunScript, { node }: { readonly node: string }): Promise<void> {
  await run(RETIRE, HOME, { node });
}

function receiptOf(node: string, kept: string): NodeReceipt {
  const space = kept.indexOf(" ");
  const receipt: Readonly<Record<string, unknown>> = JSON.parse(kept.slice(space + 1));
  return {
    node,
    startedAt: integer(receipt.startedAt),
    at: integer(kept.slice(0, space)),
    cursor: texts(JSON.stringify(receipt.cursor)),
    version: text(receipt.version),
    config: typeof receipt.config === "string" ? receipt.config : null,
  };
}
