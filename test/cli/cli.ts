import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { runCommand } from "../../src/cli/run.ts";
import { runChild } from "../support/child.ts";
import { CLI, type CliResult } from "../support/gateway-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A password that the rules take. */
export const PASSWORD = "correct horse battery staple";

export interface Workplace {
  readonly dir: string;
  /** Runs a command in the folder, in a process of its own. */
  run(args: readonly string[], stdin?: string): Promise<CliResult>;
  /** As `run`, in this process: for tables of cases. */
  call(args: readonly string[], stdin?: string): Promise<CliResult>;
  /** As `call`, for commands that must succeed: what they answer with `--json`. */
  json(args: readonly string[], stdin?: string): Promise<unknown>;
}

/** A fresh folder with a configuration and an embedded store. `env` is added to the environment, undefined removes. */
export async function workplace(
  config: Readonly<Record<string, unknown>> | null = {},
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Workplace> {
  const dir = await tempDir();
  if (config !== null) {
    const complete = {
      issuer: "http://127.0.0.1:8080",
      store: "sqlite:./postern.db",
      roles: { user: { scopes: ["orders:read"] }, admin: { scopes: [] } },
      ...config,
    };
    await writeFile(join(dir, "postern.config.json"), JSON.stringify(complete));
  }
  const all = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    POSTERN_SECRET: randomBytes(32).toString("base64url"),
    ...env,
  };
  const environment = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const run = (args: readonly string[], stdin?: string): Promise<CliResult> =>
    runChild(process.execPath, [CLI, ...args], { cwd: dir, env: environment, stdin: stdin ?? "" });
  const call = async (args: readonly string[], stdin = ""): Promise<CliResult> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const io = { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr, env: environment, cwd: dir };
    const written = Promise.all([text(stdout), text(stderr)]);
    const code = await runCommand(args, io);
    stdout.end();
    stderr.end();
    const [out, err] = await written;
    return { code, stdout: out, stderr: err };
  };
  return {
    dir,
    run,
    call,
    async json(args, stdin) {
      const { code, stdout, stderr } = await call([...args, "--json"], stdin);
      if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
  };
}
