import type { Observe } from "../../observe/observation.ts";
import type { UpstreamFailure } from "../../observe/upstreams.ts";
import { Balancer, type Candidate } from "../../proxy/balance.ts";
import { ejectedFor } from "../../proxy/ejection.ts";
import { Outlier } from "../../proxy/outlier.ts";
import type { Upstream } from "../../proxy/upstream.ts";

/** One place where an upstream runs. */
export interface Target extends Candidate {
  readonly origin: string;
  readonly outlier: Outlier | null;
  /** When it ends, by the monotonic clock; null while it is not ejected. */
  ejection: number | null;
}

export interface TargetsOptions {
  readonly upstream: Upstream;
  readonly observe: Observe;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
}

/** An upstream's targets, as one isolate sees them: by the answers to its own requests, and without a timer, since nothing runs between them. */
export class Targets {
  readonly upstream: Upstream;
  readonly #targets: readonly Target[];
  readonly #balancer: Balancer<Target>;
  readonly #options: TargetsOptions;
  #ejected = 0;

  constructor(options: TargetsOptions) {
    const { upstream, monotonic } = options;
    const { ejection, targets } = upstream;
    this.upstream = upstream;
    this.#options = options;
    this.#targets = targets.map((target) => ({
      origin: new URL(target).origin,
      // Leaving out the only one there is helps nobody.
      outlier: ejection === null || targets.length === 1 ? null : new Outlier(ejection),
      ...{ ejection: null, outstanding: 0, available: true, warmingSince: null, credit: 0 },
    }));
    // The platform keeps the connections, and bounds them.
    this.#balancer = new Balancer({
      ...{ ...upstream, targets: this.#targets, monotonic, maxConnections: Number.POSITIVE_INFINITY },
    });
  }

  /** A target for a request, which is to be released when it has answered. `except`: the one that has just failed it. */
  take(except: Target | null): Target {
    if (this.#ejected > 0) this.#readmit();
    const target = this.#balancer.choose(except);
    if (target === null) throw new Error(`the upstream ${this.upstream.name} has no target`);
    target.outstanding++;
    return target;
  }

  release(target: Target): void {
    target.outstanding--;
  }

  succeeded(target: Target): void {
    target.outlier?.succeeded();
  }

  failed(target: Target, failure: UpstreamFailure): void {
    const { observe, monotonic } = this.#options;
    observe({ kind: "upstream_failure", upstream: this.upstream.name, failure });
    const now = monotonic();
    const length = ejectedFor(target, this.#targets, failure, now);
    if (length === null) return;
    target.ejection = now + length;
    target.available = false;
    this.#ejected++;
    this.#tell(target, length);
  }

  #readmit(): void {
    const now = this.#options.monotonic();
    for (const target of this.#targets) {
      if (target.ejection === null || target.ejection > now) continue;
      target.ejection = null;
      target.available = true;
      target.warmingSince = this.upstream.slowStart > 0 ? now : null;
      target.credit = 0;
      this.#ejected--;
      this.#tell(target, null);
    }
  }

  #tell({ origin, ejection }: Target, ms: number | null): void {
    const state = ejection === null ? "up" : "ejected";
    this.#options.observe({ kind: "upstream_target", upstream: this.upstream.name, target: origin, state, ms });
  }
}
