import { builtinModules } from "node:module";
import { join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const ROOT = new URL("../../", import.meta.url).pathname;

export interface WorkerBundle {
  readonly folder: string;
  readonly metafile: Metafile;
}

const BUILTIN = new RegExp(`^(?:node:)?(${builtinModules.filter((name) => !name.startsWith("_")).join("|")})$`);

/** What packages require of Node, of the platform's `nodejs_compat`: wrangler does the same. */
const NODE_BUILTINS: Plugin = {
  name: "node-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: BUILTIN }, ({ path, kind }) => {
      const name = `node:${path.replace(/^node:/, "")}`;
      return kind === "require-call" ? { path: name, namespace: "required" } : { path: name, external: true };
    });
    onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `import module_ from ${JSON.stringify(path)}; module.exports = module_;`,
      loader: "js",
    }));
  },
};

/** Bundles a Worker as wrangler does: one module, WebAssembly beside it, the platform's own modules left out. */
export async function bundleWorker(entry: string, folder: string): Promise<WorkerBundle> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { worker: entry },
    outdir: folder,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".wasm": "copy" },
    plugins: [NODE_BUILTINS],
    minify: true,
    keepNames: true,
    metafile: true,
    logLevel: "silent",
  });
  return { folder, metafile };
}

export const WORKER_ENTRY = join(ROOT, "test/support/worker-entry.ts");
