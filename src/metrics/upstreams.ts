import { Counter, Gauge, type Registry } from "prom-client";
import type { Observation } from "../observe/observation.ts";
import { TARGET_STATES, UPSTREAM_FAILURES } from "../observe/upstreams.ts";

type Observed<K extends Observation["kind"]> = Extract<Observation, { kind: K }>;

/** What is counted of upstreams and their targets, which are those of the configuration: their number is bounded. */
export class UpstreamMetrics {
  readonly #failures: Counter<"upstream" | "failure">;
  readonly #states: Gauge<"upstream" | "target" | "state">;
  readonly #pending: Gauge<"upstream">;

  /** How often each target is open: before a changed upstream is closed, the one that comes after it has been opened. */
  readonly #open = new Map<string, number>();

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
    for (const target of targets) {
      this.#use(upstream, target, 1);
      this.target({ kind: "upstream_target", upstream, target, state: "up", ms: null });
    }
    this.#pending.inc({ upstream }, 0);
  }

  closed({ upstream, targets }: Observed<"upstream_closed">): void {
    for (const target of targets) {
      if (this.#use(upstream, target, -1) > 0) continue;
      for (const state of TARGET_STATES) this.#states.remove({ upstream, target, state });
    }
  }

  failed({ upstream, failure }: Observed<"upstream_failure">): void {
    this.#failures.inc({ upstream, failure });
  }

  target({ upstream, target, state }: Observed<"upstream_target">): void {
    for (const each of TARGET_STATES) this.#states.set({ upstream, target, state: each }, each === state ? 1 : 0);
  }

  #use(upstream: string, target: string, change: 1 | -1): number {
    const key = `${upstream} ${target}`;
    const users = (this.#open.get(key) ?? 0) + change;
    if (users === 0) this.#open.delete(key);
    else this.#open.set(key, users);
    return users;
  }

  pending({ upstream, change }: Observed<"upstream_pending">): void {
    this.#pending.inc({ upstream }, change);
  }
}
