import { randomId } from "../../lib/ids.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS } from "./partition.ts";
import { type RunScript, writesKey } from "./script.ts";

const BEGIN = writesKey("begin", { body: "return redis.call('HSETNX', KEYS[1], 'epoch', input.epoch)" });

/** Gives every partition that has none an epoch, 128 random bits, by which readers notice that its history is another. */
export async function beginPartitions(run: RunScript): Promise<void> {
  await Promise.all(ALL_PARTITIONS.map((partition) => run(BEGIN, metaKey(partition), { epoch: randomId() })));
}
