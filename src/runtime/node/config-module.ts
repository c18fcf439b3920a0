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

/** In a thread of its own each time: Node keeps every module that it has loaded, with what was in it then. */
export function readModule(path: string): Promise<ReadModule> {
  const thread = new Worker(THREAD, { workerData: path });
  return new Promise<ReadModule>((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message, files: [path] });
    thread.once("message", resolve);
    thread.once("error", (error) => fail(`it cannot be loaded: ${error.message}`));
    thread.once("exit", () => fail("it ended before it had been loaded"));
  }).finally(() => thread.terminate());
}
