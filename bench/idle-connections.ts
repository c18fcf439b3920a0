import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Ground } from "./contender.ts";
import type { HoldPlan, HoldReply } from "./hold-connections.ts";
import { start } from "./processes.ts";

/** How many files a process may have open. Node has raised its own bound to that, and what it starts inherits it. */
export function openFileLimit(): number {
  const limit = /^Max open files +\S+ +(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}

const PATIENCE = 120_000;
/** Milliseconds after which they are used again: less than what gateways let a connection wait for a request. */
const FRESH = 30_000;

/** Keep-alive connections that nobody uses. */
export interface IdleConnections {
  /** To be called while nothing is measured: uses them once where they have not been used for a while. Throws where one was lost. */
  keep(): Promise<void>;
  stop(): Promise<void>;
}

/** Opens them, and has a request answered on each. */
export async function openIdleConnections(ground: Ground, plan: HoldPlan): Promise<IdleConnections> {
  const args = [fileURLToPath(new URL("hold-connections.ts", import.meta.url))];
  const holder = start({
    name: "idle",
    command: process.execPath,
    args,
    core: "rest",
    folder: ground.folder,
    ipc: true,
  });
  let used = 0;
  async function hold(): Promise<void> {
    const replied = once(holder.process, "message", { signal: AbortSignal.timeout(PATIENCE) });
    holder.process.send(plan);
    const [reply] = (await replied) as [HoldReply];
    if (!reply.ok) throw new Error(reply.why);
    if (reply.lost > 0) throw new Error(`${reply.lost} of ${plan.count} idle connections were closed`);
    used = performance.now();
  }
  try {
    await hold();
  } catch (error) {
    await holder.stop();
    throw error;
  }
  return {
    keep: async () => {
      if (performance.now() - used > FRESH) await hold();
    },
    stop: () => holder.stop(),
  };
}
