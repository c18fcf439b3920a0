import type { TokenFacts } from "../../revocation/view.ts";
import type { Operation, OperationInput } from "../../stores/operations.ts";
import { StoreOutcomeUnknown, type StoreTrouble, StoreUnavailable } from "../../stores/store.ts";

/** An operation as it goes to the object that holds the store. */
export interface StoreCall<K extends Operation = Operation> {
  readonly operation: K;
  readonly input: OperationInput<K>;
  /** By the object's clock, milliseconds since 1970: nothing is done from then on. Null: the caller does not know that clock yet. */
  readonly deadline: number | null;
}

/** Errors lose their class on their way, so that an answer says by itself what became of a call. `now`: the object's clock. */
export type StoreAnswer =
  | { readonly kind: "done"; readonly output: unknown; readonly now: number }
  | { readonly kind: "failed"; readonly failure: StoreFailure; readonly now: number };

export interface StoreFailure {
  readonly outcome: "unavailable" | "outcome_unknown" | "fault";
  readonly trouble: StoreTrouble;
  readonly message: string;
}

/** A Durable Object that holds a store, whatever that is made of. */
export interface StoreObject {
  call(call: StoreCall): Promise<StoreAnswer>;
  /** What stands in the feed about a token: a Verdict. For isolates that can't hold all of it. */
  judge(token: TokenFacts): Promise<StoreAnswer>;
}

export function failureOf(error: unknown): StoreFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StoreUnavailable) return { outcome: "unavailable", trouble: error.trouble, message };
  if (error instanceof StoreOutcomeUnknown) return { outcome: "outcome_unknown", trouble: error.trouble, message };
  return { outcome: "fault", trouble: "unreachable", message };
}

export function errorOf({ outcome, trouble, message }: StoreFailure): Error {
  switch (outcome) {
    case "unavailable":
      return new StoreUnavailable(message, trouble);
    case "outcome_unknown":
      return new StoreOutcomeUnknown(message, trouble);
    case "fault":
      return new Error(message);
  }
}
