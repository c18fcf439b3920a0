import { readFile, stat } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import type { Config, StoreAddress } from "../../config/config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { type EnvironmentValues, readEnvironment } from "../../config/environment.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { type ConfigProblem, problem } from "../../config/problems.ts";
import { readModule } from "./config-module.ts";
import { readListenerTls } from "./listener-tls.ts";
import { NamedFiles } from "./named-files.ts";
import { readUpstreamTls } from "./upstream-tls.ts";

const NAMES = ["postern.config.ts", "postern.config.js", "postern.config.json"];
const SEARCHED = "The configuration";

export interface ConfigSource {
  /** The configuration file, relative to `cwd`; without it the one that lies in `cwd`. */
  readonly file?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Options that stand in for the file's own, in the file's shape. */
  readonly overrides?: { readonly listen?: string; readonly store?: string };
}

export interface LoadedConfig {
  readonly file: string;
  /** All that has been read: this file, those that it imports and those that it names. */
  readonly files: readonly string[];
  /** As written in the file, overrides included. */
  readonly input: unknown;
  readonly config: Config;
  readonly environment: EnvironmentValues;
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Reads the configuration file, the files that it names, and the environment. Relative names are meant from the configuration
 * file; a database's in the environment or on the command line from the working directory. All is read anew each time. Rejects with
 * ConfigError, all problems at once.
 */
export async function loadConfig({ file, cwd, env, overrides = {} }: ConfigSource): Promise<LoadedConfig> {
  const path = file === undefined ? await findFile(cwd) : resolve(cwd, file);
  const { written, files } = await readConfigFile(path);
  const input = typeof written === "object" && written !== null ? { ...written, ...overrides } : written;
  const environment = readEnvironment(env);
  const result = parseConfig(input, environment.ok ? environment.values.store : null);
  const named = new NamedFiles(dirname(path));
  const read = result.ok ? await readNamedFiles(result.config, named) : null;
  const problems = [
    ...(result.ok ? [] : result.problems),
    ...named.problems,
    ...(environment.ok ? [] : environment.problems),
  ];
  if (!result.ok || !environment.ok || problems.length > 0)
    throw new ConfigError(path, problems, [...files, ...named.files]);
  const fromFile = overrides.store === undefined && environment.values.store === null;
  const store = resolveStore(result.config.store, fromFile ? dirname(path) : cwd);
  const config = { ...result.config, ...read, store };
  return {
    file: path,
    files: [...files, ...named.files],
    input,
    config,
    environment: environment.values,
    warnings: result.warnings,
  };
}

const readNamedFiles = async ({ tls, upstreams }: Config, files: NamedFiles) => ({
  tls: await readListenerTls(tls, files),
  upstreams: await readUpstreamTls(upstreams, files),
});

function resolveStore(store: StoreAddress, folder: string): StoreAddress {
  return store.kind === "sqlite" ? { kind: "sqlite", file: resolve(folder, store.file) } : store;
}

async function findFile(cwd: string): Promise<string> {
  const paths = NAMES.map((name) => resolve(cwd, name));
  const kinds = await Promise.all(paths.map((path) => stat(path).catch(() => null)));
  const [found, second] = paths.filter((_, index) => kinds[index]?.isFile() === true);
  if (found === undefined) {
    const text = `there is no postern.config.ts, .js or .json in ${cwd}`;
    throw new ConfigError(SEARCHED, [
      problem([], `${text}: make one with \`postern init\`, or name one with --config`),
    ]);
  }
  if (second === undefined) return found;
  throw new ConfigError(SEARCHED, [problem([], `both ${found} and ${second} are there: name one with --config`)]);
}

interface Written {
  /** As the file has it. */
  readonly written: unknown;
  /** It, and what it imports. */
  readonly files: readonly string[];
}

async function readConfigFile(path: string): Promise<Written> {
  const fail = (message: string, files = [path]) => new ConfigError(path, [problem([], message)], files);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw fail(
      error.code === "ENOENT" ? "there is no such file" : `it cannot be read (${error.code ?? error.message})`,
    );
  });
  if (extname(path) === ".json") {
    try {
      return { written: withoutSchema(JSON.parse(text)), files: [path] };
    } catch (error) {
      throw fail(`it is not JSON: ${messageOf(error)}`);
    }
  }
  const read = await readModule(path);
  const files = [...new Set([path, ...read.files])];
  if (!read.ok) throw fail(read.message, files);
  if (read.written === undefined) {
    throw fail("it has no default export: write `export default defineConfig({ … })`", files);
  }
  return { written: read.written, files };
}

/** Editors find the schema by this member. */
function withoutSchema(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("$schema" in input)) return input;
  const { $schema: _, ...rest } = input;
  return rest;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
