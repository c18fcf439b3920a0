import type { Observe } from "../../observe/observation.ts";
import type { Upstream } from "../../proxy/upstream.ts";
import { Targets } from "./proxy-targets.ts";

interface Held {
  readonly targets: Targets;
  users: number;
}

/** Upstreams by all that is configured of them: one that stays as it is keeps its connections, and what is known of its targets. */
export class SharedTargets {
  readonly #observe: Observe;
  readonly #held = new Map<string, Held>();

  constructor(observe: Observe) {
    this.#observe = observe;
  }

  /** To be released as often as it is taken. */
  take(upstream: Upstream): Targets {
    const key = JSON.stringify(upstream);
    const held = this.#held.get(key) ?? { targets: new Targets(upstream, this.#observe), users: 0 };
    this.#held.set(key, held);
    held.users++;
    return held.targets;
  }

  release({ upstream }: Targets): void {
    const key = JSON.stringify(upstream);
    const held = this.#held.get(key);
    if (held === undefined) return;
    held.users--;
    if (held.users > 0) return;
    this.#held.delete(key);
    held.targets.destroy();
  }
}
