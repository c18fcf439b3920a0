import { parentPort, workerData } from "node:worker_threads";
import { type Call, CLAIM, type ThreadData } from "../../../../../src/runtime/node/sqlite-messages.ts";

/**
 * Stands in for the store's thread and does with a call what its operation's input says: the ways in which a thread can
 * fail its caller, which the real one does not show on demand.
 */
const { claims } = workerData as ThreadData;
const port = parentPort;
if (port === null) throw new Error("this module is a thread");

port.on("message", (message: Call | { readonly kind: "close" }) => {
  if (message.kind === "close") {
    port.close();
    return;
  }
  const { id, slot, input } = message;
  const { after } = input as { readonly after: string };
  if (after.includes("claim")) Atomics.store(claims, slot, CLAIM.claimed);
  if (after.includes("die")) process.exit(1);
  if (after.includes("silent")) return;
  port.postMessage({ kind: "done", id, output: [after] });
});
port.postMessage({ kind: "ready" });
