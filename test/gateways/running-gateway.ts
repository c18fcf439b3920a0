import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import type { Store } from "../../src/stores/store.ts";
import { runChild } from "../support/child.ts";
import { CLI, type CliResult, startGateway } from "../support/gateway-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { isWorker } from "./kinds.ts";
import { startWorkerGateway } from "./worker-gateway.ts";

/** A gateway in a process of its own, of whatever kind: what all of them have. */
export interface RunningGateway {
  /** The main listener, `http://127.0.0.1:port`. */
  readonly url: string;
  /** A Worker has one listener for everything. */
  readonly operationsUrl: string;
  readonly issuer: string;
  readonly adminToken: string;
  /** POSTERN_SECRET */
  readonly secret: string;
  logs(): string;
  stop(): Promise<void>;
  /** Makes a user by command. */
  addUser(name: string, password: string, roles?: readonly string[]): Promise<void>;
  /** Runs a command: on its store, or on a Worker by its admin API. */
  cli(args: readonly string[], stdin?: string): Promise<CliResult>;
  /** The store that it works on, beside it. */
  openStore(): Promise<Store>;
}

/** Starts a gateway of the kind that the project names and waits until it is ready; `config` as postern.config.json has it. */
export function runGateway(config: Readonly<Record<string, unknown>> = {}): Promise<RunningGateway> {
  const kind = inject("gatewayKind");
  return kind !== undefined && isWorker(kind) ? runWorker(config) : startGateway(config);
}

async function runWorker(config: Readonly<Record<string, unknown>>): Promise<RunningGateway> {
  const adminToken = randomBytes(32).toString("base64url");
  const secret = randomBytes(32).toString("base64url");
  const worker = await startWorkerGateway({ config, adminToken, secret });
  const { url } = worker;
  const cwd = await tempDir();
  const env = { ...process.env, NO_COLOR: "1", POSTERN_ADMIN_TOKEN: adminToken };
  const cli = (args: readonly string[], stdin = ""): Promise<CliResult> =>
    runChild(process.execPath, [CLI, ...args, "--url", url], { cwd, env, stdin });
  return {
    ...{ url, operationsUrl: url, issuer: String(config.issuer ?? url), adminToken, secret, cli },
    logs: worker.logs,
    stop: worker.close,
    openStore: async () => worker.store,
    async addUser(name, password, roles = []) {
      const flags = roles.flatMap((role) => ["--role", role]);
      const { code, stderr } = await cli(["users", "add", name, ...flags, "--password-stdin"], `${password}\n`);
      if (code !== 0) throw new Error(`users add ${name} ended with ${code}: ${stderr}`);
    },
  };
}
