import type { Readiness } from "./readiness.ts";

const UNKNOWN: Readiness = {
  ready: false,
  status: "not ready",
  checks: { store: "unknown", clock: "unknown", view: "unknown", keys: "unknown" },
  config: "unknown",
};

/**
 * What several processes that are one gateway say together: ready where each of them is, else what the first says that is not.
 * `complete`: whether all that there should be at the start are there, and all that serve have answered.
 */
export function mergeReadiness(
  said: readonly Readiness[],
  { wanted, complete }: { readonly wanted: number; readonly complete: boolean },
): Readiness {
  const workers = { running: said.length, wanted };
  const spoken = said.find(({ ready }) => !ready) ?? said[0] ?? UNKNOWN;
  if (complete || !spoken.ready) return { ...spoken, workers };
  return { ...spoken, ready: false, status: "not ready", workers };
}
