import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url);
export const CONFIG = "examples/fleet/postern.config.ts";
const POLL_MS = 50;
const PATIENCE_MS = 30_000;

const running = new Set<ChildProcess>();

function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"] });
  running.add(child);
  child.once("error", (error) => console.error(`${program}: ${error.message}`));
  child.once("exit", () => running.delete(child));
  return child;
}

/** As state that must not be lost is kept: every write in a file, and nothing dropped when memory runs out. Gone with the demo. */
export async function startRedis(port: number): Promise<ChildProcess> {
  const dir = await mkdtemp(join(tmpdir(), "postern-fleet-"));
  const durable = ["--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""];
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", dir, ...durable];
  const redis = start("redis-server", args, process.env);
  redis.once("exit", () => void rm(dir, { recursive: true, force: true }));
  return redis;
}

export function startGateway(number: number, env: NodeJS.ProcessEnv): ChildProcess {
  const args = ["src/cli/main.ts", "serve", "--config", CONFIG];
  return start(process.execPath, args, { ...env, FLEET_GATEWAY: String(number) });
}

/** Resolves when the gateway with these operations says that it is ready; rejects when its process has ended. */
export async function ready(gateway: ChildProcess, operationsPort: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (gateway.exitCode === null && performance.now() < end) {
    const answer = await fetch(`http://127.0.0.1:${operationsPort}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error("a gateway is not ready");
}

export function stopAll(): void {
  for (const child of running) child.kill("SIGTERM");
}
