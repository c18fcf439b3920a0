import { Counter, Gauge, type Registry } from "prom-client";
import type { Observation } from "../observe/observation.ts";
import { TARGET_STATES, UPSTREAM_FAILURES } from "../observe/upstreams.ts";

type Observed<K extends Observation["kind"]> = Extract<Observation, { kind: K }>;

/** What is counted of upstreams and their targets, which are those of the configuration: their number is bounded. */
export class UpstreamMetrics {
  readonly #failures: Counter<"upstream" | "failure">;
  readonly #states: Gauge<"upstream" | "target" | "state">;
  readonly #pending: Gauge<"upstream">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#failures = new Counter({
      name: "postern_upstream_failures_total",
      help: "Requests that failed at an upstream, by how; the first one of a repeated request too.",
      labelNames: ["upstream", "failure"],
      registers,
    });
    this.#states = new Gauge({
      name: "postern_upstream_target_state",
      help: "1 for the state that a target is in: up, ejected for its failures, unhealthy by its own answers.",
      labelNames: ["upstream", "target", "state"],
      registers,
    });
    this.#pending = new Gauge({
      name: "postern_upstream_pending",
      help: "Requests that wait for a free connection.",
      labelNames: ["upstream"],
      registers,
    });
  }

  opened({ upstream, targets }: Observed<"upstream_opened">): void {
    // A series that begins at 1 has, for Prometheus, not increased.
    for (const failure of UPSTREAM_FAILURES) this.#failures.inc({ upstream, failure }, 0);
    for (const target of targets) this.target({ kind: "upstream_target", upstream, target, state: "up", ms: null });
    this.#pending.inc({ upstream }, 0);
  }

  failed({ upstream, failure }: Observed<"upstream_failure">): void {
    this.#failures.inc({ upstream, failure });
  }

  target({ upstream, target, state }: Observed<"upstream_target">): void {
    for (const each of TARGET_STATES) this.#states.set({ upstream, target, state: each }, each === state ? 1 : 0);
  }

  pending({ upstream, change }: Observed<"upstream_pending">): void {
    this.#pending.inc({ upstream }, change);
  }
}
