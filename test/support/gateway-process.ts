import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { request } from "undici";
import { readStore } from "../../src/config/network.ts";
import { openStore } from "../../src/runtime/node/open-store.ts";
import type { Store } from "../../src/stores/store.ts";
import { freshStore } from "../gateways/fresh-store.ts";
import { runChild, startChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { tempDir } from "./temp-dir.ts";
import { waitUntil } from "./wait-until.ts";

/** The command line as a checkout runs it. */
export const CLI = new URL("../../src/cli/main.ts", import.meta.url).pathname;

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real gateway in a process of its own. */
export interface GatewayProcess {
  /** The main listener, `http://127.0.0.1:port`. */
  readonly url: string;
  readonly operationsUrl: string;
  readonly issuer: string;
  /** Its working folder, with the configuration and the embedded store's database. */
  readonly dir: string;
  /** The URL of its store. */
  readonly store: string;
  readonly configFile: string;
  /** What is written in its configuration file at the start. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly adminToken: string;
  /** POSTERN_SECRET */
  readonly secret: string;
  readonly pid: number;
  logs(): string;
  /** Its standard output, where that is not `stdout` of the options. */
  readonly output: Readable | null;
  signal(name: NodeJS.Signals): void;
  /** Resolves with its exit code when it has ended. */
  readonly ended: Promise<number | null>;
  /** Ends it in good order; its folder stays until the test file ends. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Makes a user by command, on the store directly. */
  addUser(name: string, password: string, roles?: readonly string[]): Promise<void>;
  /** The store that it works on, opened beside it. */
  openStore(): Promise<Store>;
  /** Runs a command with this gateway's configuration and environment. */
  cli(args: readonly string[], stdin?: string): Promise<CliResult>;
}

export interface GatewayOptions {
  /** Run beside another gateway, or after one, in its folder: same store, same secrets unless `env` says otherwise. */
  readonly like?: GatewayProcess;
  /** Added to the environment; `undefined` removes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A file descriptor for its standard output; without it the output is kept. */
  readonly stdout?: number;
  /** Wait until it answers rather than until it is ready: its store cannot be reached yet. */
  readonly unready?: boolean;
}

/**
 * Starts a gateway and waits until it is ready. `config` has the shape of postern.config.json; listeners, issuer and store
 * are filled in where it does not name them. Rejects with its output when it ends before it is ready.
 */
export async function startGateway(
  config: Readonly<Record<string, unknown>> = {},
  options: GatewayOptions = {},
): Promise<GatewayProcess> {
  const dir = options.like?.dir ?? (await tempDir());
  const port = await freePort();
  const operationsPort = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const complete = {
    issuer: url,
    listen: `127.0.0.1:${port}`,
    operations: { listen: `127.0.0.1:${operationsPort}` },
    store: options.like?.store ?? (await freshStore(dir)),
    // A Redis would have 150 ms, which is little on a machine that runs many tests at once.
    storeTimeout: "1s",
    ...config,
  };
  const configFile = join(dir, `postern-${port}.config.json`);
  await writeFile(configFile, JSON.stringify(complete, null, 2));

  const env = environment(options);
  const child = startChild(process.execPath, [CLI, "serve", "--config", configFile], {
    ...{ cwd: dir, env },
    stdio: ["ignore", options.stdout ?? "pipe", "pipe"],
  });
  const operationsUrl = `http://127.0.0.1:${operationsPort}`;
  const ended = (): boolean => child.process.exitCode !== null || child.process.signalCode !== null;
  try {
    await waitUntil(
      () => `the gateway is not ready; it wrote:\n${child.output()}`,
      async () => {
        if (ended()) throw new Error(`the gateway ended (${child.process.exitCode}); it wrote:\n${child.output()}`);
        return probe(`${operationsUrl}/${options.unready === true ? "healthz" : "readyz"}`);
      },
    );
  } catch (error) {
    await child.kill();
    throw error;
  }

  const cli = (args: readonly string[], stdin = ""): Promise<CliResult> =>
    runChild(process.execPath, [CLI, ...args, "--config", configFile], { cwd: dir, env, stdin });
  return {
    url,
    operationsUrl,
    issuer: complete.issuer,
    dir,
    store: complete.store,
    configFile,
    config: complete,
    env,
    adminToken: env.POSTERN_ADMIN_TOKEN ?? "",
    secret: env.POSTERN_SECRET ?? "",
    pid: child.process.pid ?? 0,
    logs: () => child.output(),
    output: child.process.stdout,
    signal: (name) => void child.process.kill(name),
    ended: child.ended,
    stop: () => child.stop(),
    kill: () => child.kill(),
    cli,
    openStore: () => storeAt(complete.store),
    async addUser(name, password, roles = []) {
      const flags = roles.flatMap((role) => ["--role", role]);
      const { code, stderr } = await cli(["users", "add", name, ...flags, "--password-stdin"], `${password}\n`);
      if (code !== 0) throw new Error(`users add ${name} ended with ${code}: ${stderr}`);
    },
  };
}

function environment(options: GatewayOptions): Record<string, string> {
  const secrets = {
    POSTERN_SECRET: options.like?.env.POSTERN_SECRET ?? randomBytes(32).toString("base64url"),
    POSTERN_ADMIN_TOKEN: options.like?.env.POSTERN_ADMIN_TOKEN ?? randomBytes(32).toString("base64url"),
  };
  const all = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: "1", ...secrets, ...options.env };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function storeAt(url: string): Promise<Store> {
  const address = readStore(url);
  if (address === null) throw new Error(`${url} is no store`);
  return openStore(address, { timeout: 10_000 });
}

async function probe(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { reset: true });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
