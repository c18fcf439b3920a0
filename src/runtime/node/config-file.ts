import { readFile, stat } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config, StoreAddress } from "../../config/config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { type EnvironmentValues, readEnvironment } from "../../config/environment.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { type ConfigProblem, problem } from "../../config/problems.ts";
import { readListenerTls } from "./listener-tls.ts";
import { NamedFiles } from "./named-files.ts";
import { readUpstreamTls } from "./upstream-tls.ts";

const NAMES = ["postern.config.ts", "postern.config.js", "postern.config.json"];
/** How many configurations that are modules have been read. */
let imports = 0;
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
  /** All that has been read: this file, and those that it names. */
  readonly files: readonly string[];
  /** As written in the file, overrides included. */
  readonly input: unknown;
  readonly config: Config;
  readonly environment: EnvironmentValues;
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Reads the configuration file, the files that it names, and the environment. Relative names are meant from the configuration
 * file; a database's in the environment or on the command line from the working directory. Rejects with ConfigError, all problems at once.
 */
export async function loadConfig({ file, cwd, env, overrides = {} }: ConfigSource): Promise<LoadedConfig> {
  const path = file === undefined ? await findFile(cwd) : resolve(cwd, file);
  const written = await readConfigFile(path);
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
  if (!result.ok || !environment.ok || problems.length > 0) throw new ConfigError(path, problems);
  const fromFile = overrides.store === undefined && environment.values.store === null;
  const store = resolveStore(result.config.store, fromFile ? dirname(path) : cwd);
  const config = { ...result.config, ...read, store };
  return {
    file: path,
    files: [path, ...named.files],
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

async function readConfigFile(path: string): Promise<unknown> {
  const fail = (message: string) => new ConfigError(path, [problem([], message)]);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw fail(
      error.code === "ENOENT" ? "there is no such file" : `it cannot be read (${error.code ?? error.message})`,
    );
  });
  if (extname(path) === ".json") {
    try {
      return withoutSchema(JSON.parse(text));
    } catch (error) {
      throw fail(`it is not JSON: ${messageOf(error)}`);
    }
  }
  const module: { readonly default?: unknown } = await importConfig(path).catch((error: unknown) => {
    throw fail(`it cannot be loaded: ${messageOf(error)}${placeOf(error)}`);
  });
  if (module.default === undefined) throw fail("it has no default export: write `export default defineConfig({ … })`");
  return module.default;
}

/** Editors find the schema by this member. */
function withoutSchema(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("$schema" in input)) return input;
  const { $schema: _, ...rest } = input;
  return rest;
}

/**
 * `import … from "postern"` in a configuration is the Postern that reads it, installed beside it or not. TypeScript is read as an
 * ES module whatever the package around it says: `npm init` writes `"type": "commonjs"`. Node keeps modules by their URL: each time
 * the configuration, and what lies beside it, has another.
 */
async function importConfig(path: string): Promise<{ readonly default?: unknown }> {
  const self = new URL(`../../index${extname(import.meta.url)}`, import.meta.url).href;
  const version = imports === 0 ? "" : `?read=${imports}`;
  imports++;
  // Where there is a module to be read, and not before: Bun has no such hooks.
  const { registerHooks } = await import("node:module");
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "postern") return { url: self, shortCircuit: true };
      const found = next(specifier, context);
      return isOwn(found.url) ? { ...found, url: found.url + version } : found;
    },
    load: (url, context, next) => next(url, isTyped(url) ? { ...context, format: "module-typescript" } : context),
  });
  try {
    return await import(pathToFileURL(path).href);
  } finally {
    hooks.deregister();
  }
}

const isTyped = (url: string): boolean => new URL(url).pathname.endsWith(".ts");

const isOwn = (url: string): boolean => url.startsWith("file:") && !url.includes("/node_modules/");

/** Where TypeScript could not be read: the first line of the stack, before the piece of source that Node shows. */
function placeOf(error: unknown): string {
  const place = error instanceof SyntaxError ? /^\S.*:\d+$/.exec(error.stack?.split("\n", 1)[0] ?? "") : null;
  return place === null ? "" : ` (${place[0].replace(/\?read=\d+/, "")})`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
