import type { Command } from "commander";
import { ConfigError, formatProblem } from "../config/config-error.ts";
import { readEnvironment } from "../config/environment.ts";
import { parseUrl } from "../config/network.ts";
import { problem } from "../config/problems.ts";
import type { Administration } from "../http/admin/administration.ts";
import { type LoadedConfig, loadConfig } from "../runtime/node/config-file.ts";
import { openStore, StoreProblem } from "../runtime/node/open-store.ts";
import type { Store } from "../stores/store.ts";
import { Unavailable, UsageError } from "./exit.ts";
import { httpAdministration } from "./http-admin.ts";
import type { Io } from "./io.ts";
import { note } from "./output.ts";
import { storeAdministration } from "./store-admin.ts";

/** The options that every command has. */
export interface GlobalOptions {
  readonly config?: string;
  readonly url?: string;
  readonly json?: true;
}

export const globalOptions = (command: Command): GlobalOptions => command.optsWithGlobals<GlobalOptions>();

/** The configuration for a command; what is allowed but odd is for `config check` and `serve` to say. */
export const loadConfigFor = (command: Command, io: Io): Promise<LoadedConfig> =>
  loadConfig({ file: globalOptions(command).config, cwd: io.cwd, env: io.env });

/** Runs `act` on the configured store, and closes it. */
export async function withStore(loaded: LoadedConfig, act: (store: Store) => Promise<void>): Promise<void> {
  const { store: address, storeTimeout, revocation } = loaded.config;
  // A person waits longer than a request may, and a store that is being written to is no failure.
  const timeout = Math.max(storeTimeout, 5_000);
  const store = await openStore(address, { timeout, minReplicas: revocation.minReplicas }).catch((error: unknown) => {
    throw error instanceof StoreProblem ? new Unavailable(error.message) : error;
  });
  try {
    await act(store);
  } finally {
    await store.close();
  }
}

/** Runs `act` on the configured store, or on the running gateway that `--url` names. */
export async function withAdmin(
  command: Command,
  io: Io,
  act: (admin: Administration) => Promise<void>,
): Promise<void> {
  const { url } = globalOptions(command);
  if (url === undefined) {
    const loaded = await loadConfigFor(command, io);
    await withStore(loaded, (store) => act(storeAdministration(loaded, store, (notice) => note(io, notice))));
    return;
  }
  const parsed = parseUrl(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new UsageError("--url: expected the operations listener of a gateway, such as http://127.0.0.1:9464");
  }
  await act(httpAdministration(parsed, adminToken(io)));
}

function adminToken(io: Io): string {
  const environment = readEnvironment({ POSTERN_ADMIN_TOKEN: io.env.POSTERN_ADMIN_TOKEN });
  if (!environment.ok) throw new ConfigError("The environment", environment.problems);
  const { adminToken } = environment.values;
  if (adminToken !== null) return adminToken;
  const text = "is required with --url: the same value that the gateway was started with";
  throw new ConfigError("The environment", [problem(["POSTERN_ADMIN_TOKEN"], text)]);
}

export function printWarnings(io: Io, loaded: LoadedConfig): void {
  for (const warning of loaded.warnings) note(io, `warning: ${formatProblem(warning)}`);
}
