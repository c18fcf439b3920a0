import type { Observe } from "../observe/observation.ts";
import type { EndReason } from "../sessions/end-reason.ts";
import type { StoredRefreshOutcome } from "../sessions/refresh-outcome.ts";
import { type Operation, type OperationInput, type OperationOutput, operationOf, storeOver } from "./operations.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "./store.ts";

/** Tells how long each call took and what became of it, and which sessions it ended. `monotonic`: milliseconds that never go back. */
export function observedStore(store: Store, observe: Observe, monotonic: () => number): Store {
  async function call<K extends Operation>(operation: K, input: OperationInput<K>): Promise<OperationOutput<K>> {
    const began = monotonic();
    try {
      const output = await operationOf(store, operation)(input);
      observe({ kind: "store_call", operation, outcome: "ok", ms: monotonic() - began });
      return output;
    } catch (error) {
      observe({ kind: "store_call", operation, outcome: failure(error), ms: monotonic() - began });
      throw error;
    }
  }

  const timed = storeOver(call, () => store.close(), store.follows);
  const ended = (reason: EndReason, sessions: number): void => {
    if (sessions > 0) observe({ kind: "session_ended", reason, sessions });
  };
  return {
    ...timed,
    // Waiting for news does not say how fast the store is.
    awaitFeed: (input) => store.awaitFeed(input),
    async createSession(input) {
      const result = await timed.createSession(input);
      if (result.ok) for (const reason of result.ended) ended(reason, 1);
      return result;
    },
    async setDisabled(input) {
      const result = await timed.setDisabled(input);
      ended("disabled", result?.sessions ?? 0);
      return result;
    },
    async deleteUser(input) {
      const result = await timed.deleteUser(input);
      ended("deleted", result?.sessions ?? 0);
      return result;
    },
    async sweep(input) {
      const result = await timed.sweep(input);
      ended("idle", result.idle);
      ended("absolute", result.absolute);
      return result;
    },
    async endSession(input) {
      const result = await timed.endSession(input);
      ended(input.reason, result.existed ? 1 : 0);
      return result;
    },
    async revoke(input) {
      const result = await timed.revoke(input);
      if (!input.dryRun) ended(input.reason, result.sessions);
      return result;
    },
    async setPassword(input) {
      const result = await timed.setPassword(input);
      ended("password_changed", result.sessions);
      return result;
    },
    async refreshSession(input) {
      const result = await timed.refreshSession(input);
      const reason = reasonOf(result.outcome);
      if (reason !== null) ended(reason, 1);
      return result;
    },
  };
}

/** Why a refresh ended its session, or null where it did not. */
function reasonOf(outcome: StoredRefreshOutcome): EndReason | null {
  switch (outcome) {
    case "theft":
    case "lost":
      return outcome;
    case "idle_expired":
      return "idle";
    case "expired":
      return "absolute";
    case "rotated":
    case "kept":
    case "replayed":
    case "rolled_forward":
    case "ended":
    case "other_client":
    case "malformed":
      return null;
  }
}

function failure(error: unknown): "unavailable" | "outcome_unknown" | "failed" {
  if (error instanceof StoreUnavailable) return "unavailable";
  return error instanceof StoreOutcomeUnknown ? "outcome_unknown" : "failed";
}
