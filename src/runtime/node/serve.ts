import { availableParallelism } from "node:os";
import { type Served, type ServeOptions, serveInProcess } from "./serve-in-process.ts";
import { superviseWorkers } from "./supervisor.ts";

export { ListenProblem } from "./bind.ts";
export type { Served, ServeOptions } from "./serve-in-process.ts";

/**
 * Opens the store and both listeners, in this process or in as many as `workers` says. Rejects with StoreProblem or ListenProblem,
 * leaving nothing open.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { workers } = options.config;
  const count = workers === "auto" ? availableParallelism() : workers;
  if (count > 1) return superviseWorkers(options, count);
  const served = await serveInProcess(options);
  return { ...served, restart: served.reload, gaveUp: new Promise<never>(() => {}) };
}
