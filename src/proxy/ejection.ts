import type { UpstreamFailure } from "../observe/upstreams.ts";
import type { Outlier } from "./outlier.ts";
import { weightOf } from "./upstream-failure.ts";

/** One target as its failures are judged. */
export interface Ejectable {
  /** Null: it is never left out for its failures. */
  readonly outlier: Outlier | null;
  /** Whatever ends its ejection; null while it is not ejected. */
  readonly ejection: unknown;
}

/** For how many milliseconds a target is left out for a failure, or null. `now` by a clock that never goes back. */
export function ejectedFor(
  target: Ejectable,
  all: readonly Ejectable[],
  failure: UpstreamFailure,
  now: number,
): number | null {
  const { outlier } = target;
  const weight = weightOf(failure);
  if (weight === "none" || outlier === null) return null;
  const enough = outlier.failed();
  // Requests that were under way when it was ejected say nothing new.
  if (target.ejection !== null) return null;
  // Answers that the requests themselves bring about must not take every target away; one that is not there is no loss.
  return weight === "unreachable" || (enough && mayEject(all)) ? outlier.eject(now) : null;
}

function mayEject(all: readonly Ejectable[]): boolean {
  const ejected = all.filter(({ ejection }) => ejection !== null).length;
  return (ejected + 1) * 2 <= all.length;
}
