import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

export const CONFIG = "examples/quickstart/postern.config.ts";
const ROOT = new URL("../../", import.meta.url);

/** Starts a command of Postern with the quickstart's configuration: what `npm run -s postern -- …` does. */
export function postern(command: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(process.execPath, ["src/cli/main.ts", ...command, "--config", CONFIG], { ...options, cwd: ROOT });
}

/** Runs a command to its end and resolves with its exit code. `output`: whether what it writes is of interest to a person. */
export async function runPostern(command: readonly string[], input: string, output: "show" | "hide"): Promise<number> {
  const stdio = output === "show" ? "inherit" : "ignore";
  const child = postern(command, { stdio: ["pipe", stdio, stdio] });
  child.stdin?.end(input);
  const [code] = await once(child, "exit");
  return code ?? 1;
}
