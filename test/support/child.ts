import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { atEnd } from "./at-end.ts";

const PATIENCE = 10_000;
/** Where children keep what Node makes of the sources: stripping the types of every module is most of what a start costs. */
const COMPILED = new URL("../../node_modules/.cache/compiled", import.meta.url).pathname;
const running = new Set<Child>();

/** A real process with its output kept. It never outlives the test file that started it. */
export interface Child {
  readonly process: ChildProcess;
  /** Everything that it has written to standard output and standard error so far. */
  output(): string;
  /** Resolves with its exit code, null after a signal, when it has ended. */
  readonly ended: Promise<number | null>;
  /** Asks it to end (SIGTERM), waits, and insists after 10 s. Resolves at once if it has ended. */
  stop(): Promise<void>;
  /** Ends it without a chance to tidy up (SIGKILL). */
  kill(): Promise<void>;
}

const withCompiled = (env = process.env): NodeJS.ProcessEnv => ({ NODE_COMPILE_CACHE: COMPILED, ...env });

export function startChild(program: string, args: readonly string[], options: SpawnOptions): Child {
  const child = spawn(program, [...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
    env: withCompiled(options.env),
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      text += `${error.message}\n`;
      resolve();
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const insist = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    await gone;
    clearTimeout(insist);
    running.delete(result);
  };
  const result: Child = {
    process: child,
    output: () => text,
    ended: gone.then(() => child.exitCode),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
  running.add(result);
  atEnd(result.stop);
  return result;
}

/** Runs a program to its end. Never rejects for what the program does; `code` is null when a signal ended it. */
export async function runChild(
  program: string,
  args: readonly string[],
  options: SpawnOptions & { readonly stdin?: string },
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const { stdin, ...rest } = options;
  const child = spawn(program, [...args], {
    ...rest,
    env: withCompiled(rest.env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  // A program that ends without reading its input breaks the pipe; its exit code says what happened.
  child.stdin?.on("error", () => {});
  child.stdin?.end(stdin ?? "");
  await closed;
  return { code: child.exitCode, stdout, stderr };
}

process.once("exit", () => {
  for (const child of running) child.process.kill("SIGKILL");
});
