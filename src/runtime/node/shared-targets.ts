import type { Observe } from "../../observe/observation.ts";
import type { Upstream } from "../../proxy/upstream.ts";
import { Targets } from "./proxy-targets.ts";

interface Hold {
  /** Configurations in use that name it. */
  configured: number;
  /** Those, and the ones before that still have requests under way. */
  users: number;
}

/**
 * Upstreams by all that is configured of them: one that stays as it is keeps its connections, and what is known of its targets. One
 * that is configured no more serves the requests that it has, and nothing is asked or told of it any longer.
 */
export class SharedTargets {
  readonly #observe: Observe;
  readonly #configured = new Map<string, Targets>();
  readonly #holds = new Map<Targets, Hold>();

  constructor(observe: Observe) {
    this.#observe = observe;
  }

  /** To be retired and then released as often as it is taken. */
  take(upstream: Upstream): Targets {
    const key = JSON.stringify(upstream);
    const targets = this.#configured.get(key) ?? new Targets(upstream, this.#observe);
    const hold = this.#holds.get(targets) ?? { configured: 0, users: 0 };
    this.#configured.set(key, targets);
    this.#holds.set(targets, hold);
    hold.configured++;
    hold.users++;
    return targets;
  }

  /** A configuration that names it is no longer in use. */
  retire(targets: Targets): void {
    const hold = this.#holds.get(targets);
    if (hold === undefined) return;
    hold.configured--;
    if (hold.configured > 0) return;
    this.#configured.delete(JSON.stringify(targets.upstream));
    targets.retire();
  }

  /** The last request under that configuration has ended. */
  release(targets: Targets): void {
    const hold = this.#holds.get(targets);
    if (hold === undefined) return;
    hold.users--;
    if (hold.users > 0) return;
    this.#holds.delete(targets);
    targets.destroy();
  }
}
