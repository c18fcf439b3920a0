import { setTimeout } from "node:timers/promises";
import { request } from "undici";
import { newId } from "../../src/lib/ids.ts";
import { requestsFor } from "../comparison.ts";
import { apiRequest, type LoadPlan } from "../load-plan.ts";
import { type Measurement, measure } from "../measure.ts";
import { type MemoryInUse, megabytes, memoryInUse, residentMemory } from "../memory.ts";
import { type PosternFleet, startFleet } from "../postern-fleet.ts";
import type { Gateway } from "../postern-gateways.ts";
import { REDIS_MISSING, usedMemory, withRedisClient } from "../redis-server.ts";
import type { Bench, Row } from "../row.ts";
import type { Seeding } from "../seeding.ts";
import { spread } from "../statistics.ts";

const CALLERS = 8;
const BATCH = 4000;
const HOUR = 3_600_000;

/** A fleet of one gateway and what is asked of it. */
interface Side {
  readonly fleet: PosternFleet;
  readonly gateway: Gateway;
  readonly tokens: readonly string[];
}

/** A million live revocations: what they take of a gateway's memory and of a request, against none. */
export const million: Row = {
  name: "million",
  missing: REDIS_MISSING,
  async measure(bench) {
    const count = bench.quick ? 100_000 : 1_000_000;
    const none = await startSide(bench);
    const many = await startSide(bench).catch(async (error: unknown) => {
      await none.fleet.stop();
      throw error;
    });
    try {
      await warmUp(bench, [none, many]);
      const before = await memoryInUse(many.gateway);
      const stored = await withRedisClient(many.fleet.redis, usedMemory);
      bench.effort.say(`million: publishing ${count}`);
      await publish(many.fleet.seeding, count);
      await untilRead(many.gateway, count);
      const inRedis = (await withRedisClient(many.fleet.redis, usedMemory)) - stored;
      const following = residentMemory(many.gateway.pid);
      const after = await memoryInUse(many.gateway);
      const more = await compareCpu(bench, none, many);
      const fresh = { none: await startReady(none.fleet, 0), many: await startReady(many.fleet, count) };
      const memory = total(after) - total(before);
      return {
        table: table({ count, before, after, following, more, fresh, bytes: inRedis / count }),
        figures: bench.quick ? {} : { "million memory": memory / 1e6, "million cpu": spread(more).median },
      };
    } finally {
      await none.fleet.stop();
      await many.fleet.stop();
    }
  },
};

const total = ({ heap, buffers }: MemoryInUse): number => heap + buffers;

async function startSide({ ground }: Bench): Promise<Side> {
  const fleet = await startFleet(ground);
  try {
    const gateway = await fleet.gateways.start({ core: "contender", probed: true });
    return { fleet, gateway, tokens: await fleet.logIns(CALLERS, gateway) };
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

const plan = ({ gateway, tokens }: Side, requests: number): LoadPlan => ({
  ports: [gateway.port],
  connections: 32,
  requests,
  rate: null,
  send: { kind: "list", messages: tokens.map(apiRequest) },
  expect: 200,
});

async function warmUp({ generator }: Bench, sides: readonly Side[]): Promise<void> {
  for (const side of sides) await measure(generator, side.gateway.pid, plan(side, 20_000));
}

/** By the operation with which gateways write back what a store has lost: as many entries of users as are wanted. */
async function publish({ store }: Seeding, count: number): Promise<void> {
  const expires = Date.now() + HOUR;
  for (let published = 0; published < count; published += BATCH) {
    const revocations = Array.from({ length: Math.min(BATCH, count - published) }, () => {
      const target = { kind: "user", sub: newId("u"), before: expires - 2 * HOUR } as const;
      return { target, expires };
    });
    await store.restore({ revocations });
  }
}

/** Resolves when the gateway holds so many entries and is ready. */
async function untilRead({ operations }: Gateway, entries: number): Promise<void> {
  for (;;) {
    const [ready, metrics] = await Promise.all(["readyz", "metrics"].map((page) => get(operations, page)));
    const held = Number(/^postern_revocation_view_entries (\d+)/m.exec(metrics?.text ?? "")?.[1]);
    if (ready?.status === 200 && held >= entries) return;
    await setTimeout(20);
  }
}

async function get(port: number, page: string): Promise<{ readonly status: number; readonly text: string }> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/${page}`);
  return { status: statusCode, text: await body.text() };
}

/** CPU time a request with the entries, less that without: microseconds, round by round. */
async function compareCpu({ generator, effort }: Bench, none: Side, many: Side): Promise<readonly number[]> {
  const more: number[] = [];
  let last: Measurement | null = null;
  for (let round = 0; round < 2 * effort.rounds; round++) {
    effort.say(`million: round ${round + 1} of ${2 * effort.rounds}`);
    const requests = requestsFor(effort, last, 10_000);
    const without: Measurement = await measure(generator, none.gateway.pid, plan(none, requests));
    const withAll = await measure(generator, many.gateway.pid, plan(many, requests));
    more.push(withAll.cpu - without.cpu);
    last = without;
  }
  return more;
}

interface Start {
  readonly milliseconds: number;
  readonly peak: number;
}

/** Starts one more gateway: how long until it is ready, and the most memory that took. */
async function startReady({ gateways }: PosternFleet, entries: number): Promise<Start> {
  const began = performance.now();
  const gateway = await gateways.start({ core: "contender" });
  await untilRead(gateway, entries);
  return { milliseconds: performance.now() - began, peak: residentMemory(gateway.pid).peak };
}

interface Measured {
  readonly count: number;
  readonly before: MemoryInUse;
  readonly after: MemoryInUse;
  /** Resident while and after it followed the publishing. */
  readonly following: { readonly now: number; readonly peak: number };
  readonly more: readonly number[];
  readonly fresh: { readonly none: Start; readonly many: Start };
  /** In Redis, an entry. */
  readonly bytes: number;
}

function table({ count, before, after, following, more, fresh, bytes }: Measured): string {
  const entries = count.toLocaleString("en-GB");
  const { median, min, max } = spread(more);
  const row = (what: string, { heap, buffers, resident }: MemoryInUse) =>
    `| ${what} | ${megabytes(heap)} | ${megabytes(buffers)} | ${megabytes(resident)} |`;
  return [
    `### ${entries} live revocations`,
    "",
    `Published while a gateway on Redis follows, each naming a user of its own. Megabytes of that gateway after a garbage collection:`,
    "",
    "| revocations | heap | typed arrays and buffers | resident |",
    "| --- | --- | --- | --- |",
    row("none", before),
    row(entries, after),
    "",
    `- **An entry takes ${((total(after) - total(before)) / count).toFixed(1)} bytes** of a gateway, and ${bytes.toFixed(0)} in Redis. While it followed, the gateway was never above ${megabytes(following.peak)} MB resident.`,
    `- **CPU a request, more than with none: ${median.toFixed(2)} µs** (${min.toFixed(2)} to ${max.toFixed(2)} over ${more.length} rounds of the main row's requests, in turn at this gateway and at one without).`,
    `- A gateway that starts with them is ready after ${(fresh.many.milliseconds / 1000).toFixed(1)} s and was never above ${megabytes(fresh.many.peak)} MB resident; with none ${(fresh.none.milliseconds / 1000).toFixed(1)} s and ${megabytes(fresh.none.peak)} MB.`,
    "",
  ].join("\n");
}
