import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";

/** Contenders share the first core, one at work at a time; load, upstream and this program have the other. */
export const CORES = { contender: 0, rest: 1 } as const;

/** The first line that a program prints about its version, or null where it is not installed. */
export function versionOf(program: string, flag: string): string | null {
  const { error, stdout, stderr } = spawnSync(program, [flag], { encoding: "utf8" });
  return error ? null : ((stdout || stderr).trim().split("\n")[0] ?? "");
}

export const canPin = cpus().length > 1 && versionOf("taskset", "--version") !== null;

/** Moves this process to the load's core, threads included. */
export function stepAside(): void {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", String(CORES.rest), String(process.pid)]);
}

const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));

/** The version of a package: of bench/peers as pinned there, else as installed for Postern. */
export const packageVersion = (name: string): string =>
  read("./peers/package.json").dependencies[name] ?? read(`../node_modules/${name}/package.json`).version;

const loadAtStart = loadavg()[0] ?? 0;

/** What the figures were measured on. */
export function describeMachine(): string {
  const cores = cpus();
  const pinned = canPin ? "pinned with taskset" : "not pinned, so the spread is wider than it need be";
  const quiet =
    loadAtStart < 0.5
      ? "the machine was quiet when it began"
      : `**the machine was busy with other work when it began (load average ${loadAtStart.toFixed(1)}): take the figures as rough**`;
  const model = cores[0]?.model.trim() ?? "unknown CPU";
  return `${model}, ${cores.length} cores, ${pinned}; Node ${process.versions.node}; ${quiet}.`;
}
