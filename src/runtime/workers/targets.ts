import type { Upstream } from "../../proxy/upstream.ts";

/** How long a target that could not be reached is passed over while another one can be tried. */
const AVOIDED = 2_000;

interface Target {
  readonly origin: string;
  /** By the monotonic clock. */
  avoidUntil: number;
}

/** An upstream's targets, taken in turn by each isolate for itself. */
export class Targets {
  readonly upstream: Upstream;
  readonly #targets: readonly Target[];
  #next = 0;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
    this.#targets = upstream.targets.map((origin) => ({ origin: new URL(origin).origin, avoidUntil: 0 }));
  }

  /** The next target, one that was reached lately where there is one. */
  pick(): Target {
    const now = performance.now();
    let fallback: Target | null = null;
    for (let tried = 0; tried < this.#targets.length; tried++) {
      const target = this.#targets[this.#next++ % this.#targets.length];
      if (target === undefined) continue;
      if (target.avoidUntil <= now) return target;
      fallback ??= target;
    }
    if (fallback === null) throw new Error(`the upstream ${this.upstream.name} has no target`);
    return fallback;
  }

  avoid(target: Target): void {
    target.avoidUntil = performance.now() + AVOIDED;
  }
}
