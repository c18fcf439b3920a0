import type { Problem } from "../protocol/errors.ts";
import { StoreOutcomeUnknown, StoreUnavailable } from "../stores/store.ts";

/** The problem that a failed store call is answered with, or null when the error is not the store's. */
export function storeProblem(error: unknown): Problem | null {
  if (error instanceof StoreUnavailable) return { code: "store_unavailable" };
  if (error instanceof StoreOutcomeUnknown) return { code: "outcome_unknown" };
  return null;
}
