import type { ChainableCommander } from "ioredis";
import { StoreOutcomeUnknown } from "../../stores/store.ts";

/** Replicas that must have what a script wrote before it counts as done, and how long (ms) they are waited for. */
export interface Replication {
  readonly replicas: number;
  readonly patience: number;
}

/**
 * Sends a script and WAIT for it by the same connection, where WAIT speaks of this script's writes and of no other server's. What was
 * written stays written when too few replicas have it: the outcome is told as unknown.
 */
export async function replicated(
  script: ChainableCommander,
  { replicas, patience }: Replication,
  name: string,
): Promise<unknown> {
  const [ran, waited] = (await script.wait(replicas, patience).exec()) ?? [];
  if (ran === undefined) throw new Error(`${name}: no answer from Redis`);
  const [error, reply] = ran;
  if (error !== null) throw error;
  const [failure, count] = waited ?? [];
  if (failure || typeof count !== "number" || count < replicas) {
    const reached = typeof count === "number" ? count : 0;
    throw new StoreOutcomeUnknown(`${name}: done, but on ${reached} of ${replicas} replicas`, "refused");
  }
  return reply;
}
