import { StoreOutcomeUnknown, StoreUnavailable } from "../../stores/store.ts";

/** Replies by which a server refuses a script as a whole, before any of it has run. */
const REFUSALS: ReadonlySet<string> = new Set([
  "ASK",
  "BUSY",
  "CLUSTERDOWN",
  "LOADING",
  "MASTERDOWN",
  "MISCONF",
  "MOVED",
  "NOAUTH",
  "NOPERM",
  "NOREPLICAS",
  "OOM",
  "READONLY",
  "TRYAGAIN",
  "WRONGPASS",
]);
/** Of them, those after which another call may well succeed: reads do while memory or the disk is full. */
const PARTIAL: ReadonlySet<string> = new Set(["MISCONF", "NOPERM", "NOREPLICAS", "OOM"]);
/** The client's words for a command that it never sent. */
const NEVER_SENT = /enableOfflineQueue options is false|^Cluster is (?:ended|disconnect)/;

/** What a call that failed is to its caller. A reply that is none of the server's refusals is a fault in the code. */
export function storeError(error: unknown, call: { readonly name: string; readonly writes: boolean }): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.name === "ReplyError") {
    const code = message.split(" ", 1)[0] ?? "";
    return REFUSALS.has(code)
      ? new StoreUnavailable(`${call.name}: Redis refused it (${code})`, PARTIAL.has(code) ? "refused" : "unreachable")
      : new Error(`${call.name}: ${message}`);
  }
  if (!call.writes) return new StoreUnavailable(`${call.name}: no answer from Redis`);
  return NEVER_SENT.test(message)
    ? new StoreUnavailable(`${call.name}: no connection to Redis`)
    : new StoreOutcomeUnknown(`${call.name}: no answer from Redis`);
}

export const isMissingScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("NOSCRIPT");
