import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { LoadPlan, LoadReply, LoadResult } from "./load-plan.ts";
import type { Running } from "./processes.ts";

export interface Measurement {
  /** CPU time of the contender's process, its threads and its children, in microseconds an answer. */
  readonly cpu: number;
  /** Answers a second, by the wall clock. */
  readonly rate: number;
  /** CPU time over wall-clock time; well under 1 means that the load side, or another program, was the bound. */
  readonly busy: number;
  readonly load: LoadResult;
}

/**
 * CPU time so far, in nanoseconds, of a process and its children: the sum over threads of the first field of schedstat,
 * which is what /proc/PID/stat gives in ticks of 10 ms.
 */
export function cpuTime(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    total += Number(readFileSync(`${folder}/schedstat`, "utf8").split(" ", 1)[0]);
    for (const child of readFileSync(`${folder}/children`, "utf8").split(" ")) {
      if (child.trim() !== "") total += cpuTime(Number(child));
    }
  }
  return total;
}

/** How long one plan may take, in milliseconds: far more than any should. */
const PATIENCE = 120_000;

/** Has the load generator run one plan. */
export async function sendLoad(generator: Running, plan: LoadPlan): Promise<LoadResult> {
  const replied = once(generator.process, "message", { signal: AbortSignal.timeout(PATIENCE) });
  generator.process.send(plan);
  const [reply] = (await replied) as [LoadReply];
  if (!reply.ok) throw new Error(reply.why);
  return reply.result;
}

export async function measure(generator: Running, pid: number, plan: LoadPlan): Promise<Measurement> {
  const before = cpuTime(pid);
  const load = await sendLoad(generator, plan);
  const spent = cpuTime(pid) - before;
  return {
    cpu: spent / 1000 / load.answers,
    rate: (load.answers / load.milliseconds) * 1000,
    busy: spent / 1e6 / load.milliseconds,
    load,
  };
}
