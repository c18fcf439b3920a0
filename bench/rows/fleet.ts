import { setTimeout } from "node:timers/promises";
import { duringLoad, openLoopRate } from "../background-load.ts";
import { apiRequest } from "../load-plan.ts";
import { cpuTime, sendLoad } from "../measure.ts";
import { type PosternFleet, startFleet } from "../postern-fleet.ts";
import type { Gateway } from "../postern-gateways.ts";
import { REDIS_MISSING } from "../redis-server.ts";
import { latencyCells, type RefusalLatency, refusalLatency } from "../refusal-latency.ts";
import type { Bench, Row } from "../row.ts";

/** Milliseconds from one logout to the next. */
const EVERY = 50;
const CALLERS = 8;

interface Size {
  readonly gateways: number;
  readonly revocations: number;
  readonly latency: RefusalLatency;
  /** The requests meanwhile: how many a second, and milliseconds. */
  readonly load: { readonly rate: number; readonly p99: number };
  readonly refresh: Refreshes;
}

interface Refreshes {
  /** CPU time a refresh in microseconds, of all gateways and of Redis. */
  readonly gateways: number;
  readonly redis: number;
  /** By the wall clock. */
  readonly rate: number;
}

/** What a fleet on one Redis costs, and how that goes with its size. */
export const fleet: Row = {
  name: "fleet",
  missing: REDIS_MISSING,
  async measure(bench) {
    const sizes: Size[] = [];
    for (const gateways of [1, 2, 4]) {
      bench.effort.say(`fleet: ${gateways} ${gateways === 1 ? "gateway" : "gateways"}`);
      sizes.push(await measureSize(bench, gateways));
    }
    const largest = sizes.at(-1);
    return {
      table: table(sizes),
      figures: largest === undefined ? {} : { "revocation redis p99": largest.latency.p99 },
    };
  },
};

async function measureSize(bench: Bench, count: number): Promise<Size> {
  const fleet = await startFleet(bench.ground, { grace: "1s" });
  try {
    // Who takes the logouts has the load's core, where there are others to refuse.
    const taker = await fleet.gateways.start({ core: count === 1 ? "contender" : "rest" });
    const others: Gateway[] = [];
    while (others.length < count - 1) others.push(await fleet.gateways.start({ core: "contender" }));
    const refusers = count === 1 ? [taker] : others;
    const revocations = (count === 4 ? 300 : 100) / (bench.quick ? 10 : 1);
    const { result: latency, p99, rate } = await revoke(bench, fleet, taker, refusers, revocations);
    return {
      gateways: count,
      revocations,
      latency,
      load: { rate, p99 },
      refresh: await refreshes(bench, fleet, [taker, ...others]),
    };
  } finally {
    await fleet.stop();
  }
}

async function revoke(
  { generator }: Bench,
  fleet: PosternFleet,
  taker: Gateway,
  refusers: readonly Gateway[],
  revocations: number,
) {
  const callers = await fleet.logIns(CALLERS, taker);
  const tokens = await fleet.logIns(revocations, taker);
  const send = { kind: "list", messages: callers.map(apiRequest) } as const;
  const calls = { ports: refusers.map(({ port }) => port), connections: 32, send, expect: 200 };
  const rate = await openLoopRate(generator, calls);
  const load = { ...calls, rate };
  return { ...(await duringLoad(generator, load, () => refusalLatency(taker, refusers, tokens, EVERY))), rate };
}

/** Rotations at all gateways, as fast as they come; the second time is measured. */
async function refreshes(
  { generator, effort }: Bench,
  { redis, refreshTokens }: PosternFleet,
  gateways: readonly Gateway[],
): Promise<Refreshes> {
  const count = effort.cpuTime * 4;
  const plan = { ports: gateways.map(({ port }) => port), connections: 12, requests: count, rate: null, expect: 200 };
  const sent = async () => {
    const tokens = await refreshTokens(count);
    // Past the grace, so that each is a rotation.
    await setTimeout(1100);
    const before = [cpuOf(gateways), cpuTime(redis.pid)] as const;
    const load = await sendLoad(generator, { ...plan, send: { kind: "refresh", tokens } });
    if (load.renewed !== count) throw new Error(`${count - load.renewed} refreshes were no rotation`);
    return {
      gateways: (cpuOf(gateways) - before[0]) / 1000 / count,
      redis: (cpuTime(redis.pid) - before[1]) / 1000 / count,
      rate: (load.answers / load.milliseconds) * 1000,
    };
  };
  await sent();
  return sent();
}

const cpuOf = (gateways: readonly Gateway[]): number => gateways.reduce((sum, { pid }) => sum + cpuTime(pid), 0);

function table(sizes: readonly Size[]): string {
  const largest = sizes.at(-1);
  const rows = sizes.map(({ gateways, revocations, latency, load, refresh }) => {
    const cost = `${refresh.gateways.toFixed(0)} | ${refresh.redis.toFixed(0)} | ${Math.round(refresh.rate).toLocaleString("en-GB")}`;
    return `| ${gateways} | ${revocations} | ${latencyCells(latency)} | ${Math.round(load.rate).toLocaleString("en-GB")} | ${load.p99.toFixed(1)} | ${cost} |`;
  });
  return [
    "### A fleet on Redis",
    "",
    `Revocation: sessions logged out at one gateway, each asked for without a pause at all others until the last refuses; from the logout's answer to that refusal's. A single gateway refuses what it has taken itself. Meanwhile the refusing gateways, which share one core, serve a load at 30 % of what they can. The gateway that takes the logouts, Redis (append-only file, everysec), load and upstream have the other core.`,
    "",
    "Refresh: rotations by 12 connections at all gateways, as fast as they come. CPU is what a refresh takes of all gateways and of Redis.",
    "",
    "| gateways | revocations | p50 ms | p99 ms | slowest ms | load, a second | its p99 ms | refresh: CPU µs, gateways | CPU µs, Redis | refreshes a second |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    ...(largest === undefined ? [] : [growth(largest)]),
  ].join("\n");
}

const growth = ({ refresh }: Size): string =>
  `Two cores hold all of it here, so that the rate of refreshes cannot grow with the gateways; the CPU times say how it would: a Redis is busy when about ${(refresh.gateways / refresh.redis).toFixed(1)} cores of gateways refresh as fast as they can, at ${Math.round(1e6 / refresh.redis).toLocaleString("en-GB")} a second.\n`;
