import { Worker } from "node:worker_threads";

/** What a configuration that is a module exports by default, or why it could not be loaded; and what has been read for it. */
export type ReadModule = (
  | { readonly ok: true; readonly written: unknown }
  | { readonly ok: false; readonly message: string }
) & {
  /** The module, and all that it imports but packages. */
  readonly files: readonly string[];
};

// The sources run as they are, and what is built from them runs as JavaScript.
const THREAD = new URL(`./config-module-thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Milliseconds that a module may take. One that never ends would hold up every later reading, and the end of the gateway. */
const PATIENCE = 20_000;

/** In a thread of its own each time: Node keeps every module that it has loaded, with what was in it then. */
export function readModule(path: string, patience = PATIENCE): Promise<ReadModule> {
  const thread = new Worker(THREAD, { workerData: path });
  return new Promise<ReadModule>((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message, files: [path] });
    const late = setTimeout(() => fail(`it has not ended after ${patience / 1000} seconds`), patience);
    thread.once("exit", () => clearTimeout(late));
    thread.once("message", resolve);
    thread.once("error", (error) => fail(`it cannot be loaded: ${error.message}`));
    thread.once("exit", () => fail("it ended before it had been loaded"));
  }).finally(() => thread.terminate());
}
