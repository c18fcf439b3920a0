import { join } from "node:path";
import { build, type Metafile } from "esbuild";

const ROOT = new URL("../../", import.meta.url).pathname;

export interface WorkerBundle {
  readonly folder: string;
  readonly metafile: Metafile;
}

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
    minify: true,
    keepNames: true,
    metafile: true,
    logLevel: "silent",
  });
  return { folder, metafile };
}

export const WORKER_ENTRY = join(ROOT, "test/support/worker-entry.ts");
