import { openStore } from "../../../src/runtime/node/open-store.ts";

/** Opens the store in the file that is its argument, says "ready", and answers calls over IPC until it is ended. */
const [file = "", timeout = "10000"] = process.argv.slice(2);
const store = await openStore({ kind: "sqlite", file }, { timeout: Number(timeout) });

/** The call is whatever its sender's types allowed: the same port. */
const operations = store as unknown as Record<string, (input: unknown) => Promise<unknown>>;

process.on("message", ({ id, operation, input }: { id: number; operation: string; input: unknown }) => {
  const answer = operations[operation]?.(input) ?? Promise.reject(new Error(`no operation ${operation}`));
  answer.then(
    (output) => process.send?.({ id, output }),
    (error: Error) => process.send?.({ id, error: `${error.name}: ${error.message}` }),
  );
});
// A parent that is gone leaves nobody to answer.
process.on("disconnect", () => process.exit());
process.send?.("ready");
