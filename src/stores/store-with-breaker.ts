import type { Breaker, Ending } from "./breaker.ts";
import { type Operation, type OperationInput, type OperationOutput, operationOf, storeOver } from "./operations.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "./store.ts";

/**
 * The store behind a breaker: while that is open, a call is refused at once and never sent. The feed is read past it, over
 * connections of its own that wait for news longer than any other call may take.
 */
export function storeWithBreaker(store: Store, breaker: Breaker): Store {
  const call = async <K extends Operation>(operation: K, input: OperationInput<K>): Promise<OperationOutput<K>> => {
    const leave = breaker.enter();
    if (leave === null) throw new StoreUnavailable(`${operation}: the store does not answer`, "breaker_open");
    try {
      const output = await operationOf(store, operation)(input);
      leave("reached");
      return output;
    } catch (error) {
      leave(endingOf(error));
      throw error;
    }
  };
  return {
    ...storeOver(call, () => store.close(), store.follows),
    readFeed: (input) => store.readFeed(input),
    awaitFeed: (input) => store.awaitFeed(input),
  };
}

const endingOf = (error: unknown): Ending =>
  (error instanceof StoreUnavailable || error instanceof StoreOutcomeUnknown) && error.trouble === "unreachable"
    ? "failed"
    : "reached";
