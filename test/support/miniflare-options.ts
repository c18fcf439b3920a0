import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, type Json, type MiniflareOptions } from "miniflare";

export interface WorkerChildOptions {
  /** Of the bundle: one module, and WebAssembly beside it. */
  readonly folder: string;
  readonly port: number;
  /** Where the Durable Objects' data stay. */
  readonly data: string;
  /** Names of the Workers that run beside each other, each in isolates of its own. */
  readonly workers: readonly string[];
  readonly bindings: Readonly<Record<string, Json>>;
  /** Durable Object classes by the names that they are bound to. */
  readonly objects: Readonly<Record<string, string>>;
}

/** A bundled Worker for wrangler's own miniflare. */
export function miniflareOptions(options: WorkerChildOptions): MiniflareOptions {
  const modules = readdirSync(options.folder)
    .sort((one) => (one.endsWith(".js") ? -1 : 1))
    .map((name) => ({
      type: name.endsWith(".js") ? ("ESModule" as const) : ("CompiledWasm" as const),
      path: join(options.folder, name),
      contents: readFileSync(join(options.folder, name)),
    }));
  const [first] = options.workers;
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: options.port,
    resourcePersistencePath: options.data,
    workers: options.workers.map((name) => ({
      name,
      modules,
      modulesRoot: options.folder,
      compatibilityDate: "2026-10-01",
      compatibilityFlags: ["nodejs_compat"],
      // Whose host no route names goes to the first.
      routes: name === first ? [] : [`${name}.test/*`],
      bindings: { ...options.bindings },
      durableObjects: Object.fromEntries(
        Object.entries(options.objects).map(([binding, className]) => [
          binding,
          { className, useSQLite: true, ...(name === first ? {} : { scriptName: first ?? name }) },
        ]),
      ),
    })),
  });
}
