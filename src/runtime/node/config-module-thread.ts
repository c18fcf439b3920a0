import { registerHooks } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import type { ReadModule } from "./config-module.ts";

if (parentPort === null) throw new Error("this module is a thread");
const port = parentPort;
const path: string = workerData;
const files = new Set<string>();

const self = new URL(`../../index${extname(import.meta.url)}`, import.meta.url).href;
const folder = new URL("../../", import.meta.url).href;

// `import … from "postern"` in a configuration is the Postern that reads it, installed beside it or not. TypeScript is read as an
// ES module whatever the package around it says: `npm init` writes `"type": "commonjs"`.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "postern" ? { url: self, shortCircuit: true } : next(specifier, context),
  load(url, context, next) {
    if (isOwn(url)) files.add(fileURLToPath(url));
    return next(url, isTyped(url) ? { ...context, format: "module-typescript" } : context);
  },
});

function isOwn(url: string): boolean {
  return url.startsWith("file:") && !url.includes("/node_modules/") && !url.startsWith(folder);
}

function isTyped(url: string): boolean {
  return url.startsWith("file:") && new URL(url).pathname.endsWith(".ts");
}

/** Where TypeScript could not be read: the first line of the stack, before the piece of source that Node shows. */
function placeOf(error: unknown): string {
  const place = error instanceof SyntaxError ? /^\S.*:\d+$/.exec(error.stack?.split("\n", 1)[0] ?? "") : null;
  return place === null ? "" : ` (${place[0]})`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function load(): Promise<unknown> {
  try {
    const { default: written }: { readonly default?: unknown } = await import(pathToFileURL(path).href);
    return written;
  } catch (error) {
    throw new Error(`it cannot be loaded: ${messageOf(error)}${placeOf(error)}`);
  }
}

/** Functions and promises cannot leave the thread. */
function send(written: unknown): void {
  try {
    port.postMessage({ ok: true, written, files: [...files] } satisfies ReadModule);
  } catch (error) {
    throw new Error(`what it exports is not data: ${messageOf(error)}`);
  }
}

try {
  send(await load());
} catch (error) {
  port.postMessage({ ok: false, message: messageOf(error), files: [...files] } satisfies ReadModule);
}
