import type { Verdict } from "../../revocation/puller.ts";
import type { TokenFacts } from "../../revocation/view.ts";
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
  /** Told of the history that the isolate has read, where the object's store can lose a part of its own. */
  readonly follows?: Store["follows"];
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** What a Durable Object holds, from an isolate. */
export interface RemoteStore {
  readonly store: Store;
  /** Asks about one token. Rejects with StoreUnavailable. */
  judge(token: TokenFacts): Promise<Verdict>;
}

export function remoteStore({ object, follows, timeout, now, wait }: RemoteStoreOptions): RemoteStore {
  /** How far the object's clock is ahead of ours, as its last answer showed: never too far, by the time that the answer took. */
  let ahead: number | null = null;

  async function inTime(asked: () => Promise<StoreAnswer>, failed: (error: unknown) => Error): Promise<unknown> {
    const settled = new AbortController();
    const late = wait(timeout, settled.signal).then((): never => {
      throw failed("no answer in time");
    });
    late.catch(() => {});
    try {
      const asking = (async () => asked())().catch((error: unknown) => {
        throw failed(error);
      });
      const answer = await Promise.race([asking, late]);
      ahead = answer.now - now();
      if (answer.kind === "failed") throw errorOf(answer.failure);
      return answer.output;
    } finally {
      settled.abort();
    }
  }

  async function call<K extends Operation>(operation: K, input: OperationInput<K>): Promise<OperationOutput<K>> {
    const deadline = ahead === null ? null : now() + ahead + timeout;
    const output = await inTime(
      () => object().call({ operation, input, deadline }),
      (error) => failure(operation, error, !READS.has(operation)),
    );
    // The object's store has the same operations: what it answers to one is what the port says.
    return output as OperationOutput<K>;
  }

  return {
    store: storeOver(call, async () => {}, follows),
    async judge({ jti, sid, sub, clientId, kid, issuedAt }) {
      const output = await inTime(
        () => object().judge({ jti, sid, sub, clientId, kid, issuedAt }),
        (error) => failure("judge", error, false),
      );
      return output as Verdict;
    },
  };
}

/** The platform says of an object that has too much to do that it did not take the call. Any other may have been done, where it writes. */
function failure(what: string, error: unknown, writes: boolean): Error {
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  if (error instanceof Error && "overloaded" in error && error.overloaded === true) {
    return new StoreUnavailable(message, "refused");
  }
  return writes ? new StoreOutcomeUnknown(message) : new StoreUnavailable(message);
}
