import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { GO, type LoadPlan, type LoadReply, type LoadResult } from "./load-plan.ts";
import { forgetPeak, residentMemory } from "./memory.ts";
import type { Running } from "./processes.ts";

export interface Measurement {
  /** CPU time of the contender's process, its threads and its children, in microseconds an answer. */
  readonly cpu: number;
  /** Answers a second, by the wall clock. */
  readonly rate: number;
  /** CPU time over wall-clock time; well under 1 means that the load side, or another program, was the bound. */
  readonly busy: number;
  /** Of the process without its children, in bytes: before, after, and at most between. */
  readonly resident: { readonly before: number; readonly after: number; readonly peak: number };
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

/** Has the load generator run one plan. `onReady` is called when its connections are open, and nothing that counts has been sent. */
export async function sendLoad(generator: Running, plan: LoadPlan, onReady?: () => void): Promise<LoadResult> {
  for (let message: LoadPlan | typeof GO = plan; ; message = GO) {
    const replied = once(generator.process, "message", { signal: AbortSignal.timeout(PATIENCE) });
    generator.process.send(message);
    const [reply] = (await replied) as [LoadReply];
    switch (reply.kind) {
      case "ready":
        onReady?.();
        break;
      case "done":
        return reply.result;
      case "failed":
        throw new Error(reply.why);
      default:
        reply satisfies never;
    }
  }
}

export async function measure(generator: Running, pid: number, plan: LoadPlan): Promise<Measurement> {
  let before = { cpu: 0, resident: 0 };
  const load = await sendLoad(generator, plan, () => {
    forgetPeak(pid);
    before = { cpu: cpuTime(pid), resident: residentMemory(pid).now };
  });
  const spent = cpuTime(pid) - before.cpu;
  const { now, peak } = residentMemory(pid);
  return {
    cpu: spent / 1000 / load.answers,
    rate: (load.answers / load.milliseconds) * 1000,
    busy: spent / 1e6 / load.milliseconds,
    resident: { before: before.resident, after: now, peak },
    load,
  };
}
