import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { CORES, canPin } from "./machine.ts";

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly core: keyof typeof CORES;
  /** Where its output goes; shown when it fails to start. */
  readonly folder: string;
  readonly ipc?: boolean;
}

export interface Running {
  readonly pid: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** Starts a program on its core; taskset replaces itself by the program, so the process id is the program's own. */
export function start(program: Program): Running {
  const argv = [program.command, ...program.args];
  if (canPin) argv.unshift("taskset", "-c", String(CORES[program.core]));
  const [command = "", ...args] = argv;
  const log = openSync(join(program.folder, `${program.name}.log`), "a", 0o600);
  const child = spawn(command, args, {
    cwd: program.folder,
    env: { ...process.env, ...program.env },
    stdio: ["ignore", log, log, ...(program.ipc ? ["ipc" as const] : [])],
    serialization: "advanced",
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${program.name}: cannot be started`);
  return {
    pid: child.pid,
    process: child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const late = new AbortController();
      await Promise.race([exited, setTimeout(5000, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    },
  };
}

/** Starts a program that listens, and resolves once it takes connections on every one of these ports. */
export async function startListening(program: Program, ...ports: readonly number[]): Promise<Running> {
  const running = start(program);
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (running.process.exitCode !== null) break;
    if ((await Promise.all(ports.map(takesConnections))).every(Boolean)) return running;
    await setTimeout(20);
  }
  await running.stop();
  const output = readFileSync(join(program.folder, `${program.name}.log`), "utf8").slice(-2000);
  throw new Error(`${program.name} did not start:\n${output}`);
}

const takesConnections = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
