import type { Observation } from "../observe/observation.ts";
import { PROBLEMS, type ProblemCode } from "../protocol/errors.ts";
import type { Exposition } from "./exposition.ts";

type RequestObserved = Extract<Observation, { kind: "request" }>;
type Outcome = RequestObserved["outcome"];

const CODES = Object.keys(PROBLEMS) as ProblemCode[];
const OUTCOMES: readonly Outcome[] = [...CODES, "proxied", "answered"];
const PLACE_OF_OUTCOME = new Map(OUTCOMES.map((outcome, place) => [outcome, place]));
const STATUSES = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/** Upper bounds in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BOUNDS_MS = BOUNDS.map((seconds) => seconds * 1000);

/** What is counted of one route. Numbers at fixed places: counting a request makes no object and hashes no label. */
class RouteCounts {
  readonly outcomes = new Float64Array(OUTCOMES.length * STATUSES.length);
  /** Not cumulative; the last one is of what took longer than every bound. */
  readonly durations = new Float64Array(BOUNDS.length + 1);
  milliseconds = 0;
}

/** Requests by route and outcome, and how long they took. Routes are those of the configuration, so their number is bounded. */
export class RequestMetrics {
  readonly #routes = new Map<string, RouteCounts>();

  observe({ route, outcome, status, ms }: RequestObserved): void {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = new RouteCounts();
      this.#routes.set(route, counts);
    }
    // An upstream may answer with any three digits.
    const statusClass = Math.min(Math.floor(status / 100), STATUSES.length) - 1;
    const place = (PLACE_OF_OUTCOME.get(outcome) as number) * STATUSES.length + statusClass;
    counts.outcomes[place] = (counts.outcomes[place] as number) + 1;
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] as number)) bucket++;
    counts.durations[bucket] = (counts.durations[bucket] as number) + 1;
    counts.milliseconds += ms;
  }

  write(to: Exposition): void {
    const total = "postern_requests_total";
    to.metric(
      total,
      "counter",
      "Requests on the main listener, by the route's configured path and what became of them.",
    );
    for (const [route, { outcomes }] of this.#routes) {
      for (const [place, count] of outcomes.entries()) {
        if (count === 0) continue;
        const outcome = OUTCOMES[Math.floor(place / STATUSES.length)] as string;
        to.sample(total, { route, outcome, status: STATUSES[place % STATUSES.length] as string }, count);
      }
    }
    const duration = "postern_request_duration_seconds";
    to.metric(duration, "histogram", "From a request's head to the end of its answer, the upstream's time included.");
    for (const [route, { durations, milliseconds }] of this.#routes) {
      let upTo = 0;
      for (const [bucket, count] of durations.entries()) {
        upTo += count;
        to.sample(`${duration}_bucket`, { route, le: String(BOUNDS[bucket] ?? "+Inf") }, upTo);
      }
      to.sample(`${duration}_sum`, { route }, milliseconds / 1000);
      to.sample(`${duration}_count`, { route }, upTo);
    }
  }
}
