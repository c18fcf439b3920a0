import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

export const CONFIG = "examples/quickstart/postern.config.ts";
const ROOT = new URL("../../", import.meta.url);

/** Starts a command of Postern with the quickstart's configuration: what `npm run -s postern -- …` does. */
export function postern(command: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(process.execPath, ["src/cli/main.ts", ...command, "--config", CONFIG], { ...options, cwd: ROOT });
}

/** Runs a command to its end and resolves with its exit code. `complaints`: whether its standard error is shown. */
export async function runPostern(command: readonly string[], input: string, complaints: boolean): Promise<number> {
  const child = postern(command, { stdio: ["pipe", "ignore", complaints ? "inherit" : "ignore"] });
  child.stdin?.end(input);
  const [code] = await once(child, "exit");
  return code ?? 1;
}
