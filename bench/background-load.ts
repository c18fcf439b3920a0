import type { LoadPlan } from "./load-plan.ts";
import { sendLoad } from "./measure.ts";
import type { Running } from "./processes.ts";
import { quantile } from "./statistics.ts";

type Calls = Omit<LoadPlan, "requests" | "rate">;
type Background = Calls & { readonly rate: number };

const SECONDS = 2;
const WARM_UP = 6_000;
const COUNTED = 8_000;
const SHARE = 0.3;

/**
 * Requests a second that are 30 % of what these gateways answer at most, by the clock and measured at once: where a neighbour takes a part
 * of the machine, an open loop that takes no account of it would only queue.
 */
export async function openLoopRate(generator: Running, calls: Calls): Promise<number> {
  await sendLoad(generator, { ...calls, rate: null, requests: WARM_UP });
  const { answers, milliseconds } = await sendLoad(generator, { ...calls, rate: null, requests: COUNTED });
  return Math.round((SHARE * answers * 1000) / milliseconds);
}

export interface DuringLoad<T> {
  readonly result: T;
  /** 99 % of the load's answers came within so many milliseconds of when they were due: the median over stretches of two seconds. */
  readonly p99: number;
}

/** Sends an open-loop load for as long as `work` takes, from a little before it begins. */
export async function duringLoad<T>(
  generator: Running,
  plan: Background,
  work: () => Promise<T>,
): Promise<DuringLoad<T>> {
  const stretch = { ...plan, requests: Math.ceil(plan.rate * SECONDS) };
  await sendLoad(generator, stretch);
  let done = false;
  const working = work().finally(() => {
    done = true;
  });
  const p99s: number[] = [];
  while (!done) p99s.push((await sendLoad(generator, stretch)).latency.p99);
  return { result: await working, p99: quantile(p99s, 0.5) };
}
