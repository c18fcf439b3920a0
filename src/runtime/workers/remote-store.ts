import { type Operation, type OperationInput, type OperationOutput, storeOver } from "../../stores/operations.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "../../stores/store.ts";
import { errorOf, type StoreAnswer, type StoreObject } from "./store-object.ts";

/** Operations that change nothing: without an answer, nothing has been done. */
const READS: ReadonlySet<Operation> = new Set<Operation>([
  ...(["time", "userByName", "userById", "listUsers", "session", "sessions", "sessionData"] as const),
  ...(["readFeed", "awaitFeed", "clientById", "listClients", "clientIssueTime", "keys", "listAudit", "nodes"] as const),
]);

export interface RemoteStoreOptions {
  /** A stub, anew for each call: one is good for one request only, and of no use after an error. */
  readonly object: () => StoreObject;
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** The store that a Durable Object holds, from an isolate. */
export function remoteStore(options: RemoteStoreOptions): Store {
  const { object, timeout, now, wait } = options;
  /** How far the object's clock is ahead of ours, as its last answer showed: never too far, by the time that the answer took. */
  let ahead: number | null = null;

  async function answerTo<K extends Operation>(operation: K, input: OperationInput<K>): Promise<StoreAnswer> {
    const deadline = ahead === null ? null : now() + ahead + timeout;
    const settled = new AbortController();
    const late = wait(timeout, settled.signal).then((): never => {
      throw lost(operation, "no answer in time");
    });
    try {
      return await Promise.race([object().call({ operation, input, deadline }), late]);
    } catch (error) {
      throw error instanceof StoreUnavailable || error instanceof StoreOutcomeUnknown
        ? error
        : failed(operation, error);
    } finally {
      settled.abort();
      late.catch(() => {});
    }
  }

  async function call<K extends Operation>(operation: K, input: OperationInput<K>): Promise<OperationOutput<K>> {
    const answer = await answerTo(operation, input);
    ahead = answer.now - now();
    if (answer.kind === "failed") throw errorOf(answer.failure);
    // The object's store has the same operations: what it answers to one is what the port says.
    return answer.output as OperationOutput<K>;
  }

  return storeOver(call, async () => {});
}

function lost(operation: Operation, why: string): Error {
  const message = `${operation}: ${why}`;
  return READS.has(operation) ? new StoreUnavailable(message) : new StoreOutcomeUnknown(message);
}

/** The platform says of an object that has too much to do that it did not take the call. */
function failed(operation: Operation, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  const refused = error instanceof Error && "overloaded" in error && error.overloaded === true;
  return refused ? new StoreUnavailable(`${operation}: ${why}`, "refused") : lost(operation, why);
}
