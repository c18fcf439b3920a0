import type { Observe } from "../../observe/observation.ts";
import type { UpstreamFailure } from "../../observe/upstreams.ts";
import { Balancer, type Candidate } from "../../proxy/balance.ts";
import { ejectedFor } from "../../proxy/ejection.ts";
import { Outlier } from "../../proxy/outlier.ts";
import { ProbedHealth } from "../../proxy/probed-health.ts";
import type { Upstream } from "../../proxy/upstream.ts";
import { clientOf } from "./proxy-client.ts";
import { type Probing, startProbing } from "./proxy-probing.ts";
import type { UpstreamClient } from "./upstream/client.ts";

/** One place where an upstream runs. */
export interface Target extends Candidate {
  readonly origin: string;
  readonly client: UpstreamClient;
  readonly outlier: Outlier | null;
  readonly health: ProbedHealth | null;
  /** Ends its ejection; null while it is not ejected. */
  ejection: NodeJS.Timeout | null;
}

/** A request that waits for a free connection; one of both is called once. */
export interface Waiting {
  placed(target: Target): void;
  /** It has waited for as long as it may. */
  gaveUp(): void;
}

const monotonic = (): number => performance.now();

/** An upstream's targets: which of them takes the next request, which are left out, and who waits until one is free. */
export class Targets {
  readonly upstream: Upstream;
  readonly #targets: readonly Target[];
  readonly #balancer: Balancer<Target>;
  readonly #observe: Observe;
  readonly #probing: Probing | null;
  /** In the order of their coming, with the times until which they wait. */
  readonly #waiting = new Map<Waiting, number>();
  #patience: NodeJS.Timeout | null = null;
  #retired = false;

  constructor(upstream: Upstream, observe: Observe) {
    const { ejection, health, targets } = upstream;
    this.upstream = upstream;
    this.#observe = observe;
    this.#targets = targets.map((origin) => ({
      origin,
      client: clientOf(origin, upstream),
      // Leaving out the only one there is helps nobody.
      outlier: ejection === null || targets.length === 1 ? null : new Outlier(ejection),
      health: health === null ? null : new ProbedHealth(health),
      ejection: null,
      ...{ outstanding: 0, available: true, warmingSince: null, credit: 0 },
    }));
    this.#balancer = new Balancer({ ...upstream, targets: this.#targets, monotonic });
    observe({ kind: "upstream_opened", upstream: upstream.name, targets });
    this.#probing = health === null ? null : startProbing(upstream, health, (index, well) => this.#probed(index, well));
  }

  /** A target for a request, which is to be released; null where all that may be asked are full. */
  take(except: Target | null): Target | null {
    const target = this.#balancer.choose(except);
    if (target !== null) target.outstanding++;
    return target;
  }

  release(target: Target): void {
    target.outstanding--;
    if (this.#waiting.size > 0) this.#serveWaiting();
  }

  /** False: as many as may wait do so already. */
  wait(waiting: Waiting): boolean {
    if (this.#waiting.size >= this.upstream.maxPending) return false;
    this.#waiting.set(waiting, monotonic() + this.upstream.connectTimeout);
    this.#observe({ kind: "upstream_pending", upstream: this.upstream.name, change: 1 });
    this.#patience ??= setTimeout(() => this.#giveUp(), this.upstream.connectTimeout);
    return true;
  }

  /** Lets go of a request that waits, or may. Whether it did. */
  forget(waiting: Waiting): boolean {
    if (!this.#waiting.delete(waiting)) return false;
    this.#observe({ kind: "upstream_pending", upstream: this.upstream.name, change: -1 });
    return true;
  }

  succeeded(target: Target): void {
    target.outlier?.succeeded();
  }

  failed(target: Target, failure: UpstreamFailure): void {
    this.#observe({ kind: "upstream_failure", upstream: this.upstream.name, failure });
    const length = ejectedFor(target, this.#targets, failure, monotonic());
    if (length !== null) this.#eject(target, length);
  }

  /** No new requests come: what becomes of its targets is nobody's business any more. */
  retire(): void {
    this.#retired = true;
    this.#probing?.stop();
    const { name, targets } = this.upstream;
    this.#observe({ kind: "upstream_closed", upstream: name, targets });
  }

  /** After `retire`, when the last request has ended. */
  destroy(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    for (const { ejection } of this.#targets) if (ejection !== null) clearTimeout(ejection);
    for (const { client } of this.#targets) client.destroy();
  }

  #eject(target: Target, length: number): void {
    target.ejection = setTimeout(() => {
      target.ejection = null;
      this.#judge(target, null);
    }, length).unref();
    this.#judge(target, length);
  }

  #probed(index: number, well: boolean): void {
    const target = this.#targets[index];
    if (target?.health?.answered(well) === true) this.#judge(target, null);
  }

  #judge(target: Target, ejectedFor: number | null): void {
    const was = target.available;
    target.available = target.ejection === null && target.health?.healthy !== false;
    this.#tell(target, ejectedFor);
    if (was || !target.available) return;
    target.warmingSince = this.upstream.slowStart > 0 ? monotonic() : null;
    target.credit = 0;
    this.#serveWaiting();
  }

  #tell({ origin, ejection, health }: Target, ejectedFor: number | null): void {
    if (this.#retired) return;
    const state = health?.healthy === false ? "unhealthy" : ejection === null ? "up" : "ejected";
    this.#observe({ kind: "upstream_target", upstream: this.upstream.name, target: origin, state, ms: ejectedFor });
  }

  #serveWaiting(): void {
    for (const waiting of this.#waiting.keys()) {
      const target = this.take(null);
      if (target === null) return;
      this.forget(waiting);
      waiting.placed(target);
    }
  }

  #giveUp(): void {
    this.#patience = null;
    const now = monotonic();
    for (const [waiting, until] of this.#waiting) {
      if (until > now) {
        this.#patience = setTimeout(() => this.#giveUp(), until - now);
        return;
      }
      this.forget(waiting);
      waiting.gaveUp();
    }
  }
}
