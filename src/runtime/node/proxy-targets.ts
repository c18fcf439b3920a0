import { Pool } from "undici";
import type { Upstream } from "../../routing/route.ts";

/** How long a target that could not be reached is passed over while another one can be tried. */
const AVOIDED = 2_000;
/** Between two pieces of a response's body. An event stream sends something more often than that. */
const BODY_TIMEOUT = 300_000;

/** One place where an upstream runs. */
export interface Target {
  readonly pool: Pool;
  /** By the monotonic clock. */
  avoidUntil: number;
}

/** An upstream's targets, taken in turn. */
export class Targets {
  readonly upstream: Upstream;
  readonly #targets: readonly Target[];
  #next = 0;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
    this.#targets = upstream.targets.map((origin) => ({
      pool: new Pool(origin, {
        // One parser, one framing: what RFC 9112 says about messages is what the rest is built on.
        allowH2: false,
        connect: { timeout: upstream.connectTimeout },
        headersTimeout: upstream.responseTimeout,
        bodyTimeout: BODY_TIMEOUT,
      }),
      avoidUntil: 0,
    }));
  }

  /** The next target, one that was reached lately where there is one; never `except` unless it is the only one. */
  pick(except: Target | null): Target {
    const now = performance.now();
    let fallback: Target | null = null;
    for (let tried = 0; tried < this.#targets.length; tried++) {
      const target = this.#targets[this.#next++ % this.#targets.length] as Target;
      if (target === except) continue;
      if (target.avoidUntil <= now) return target;
      fallback ??= target;
    }
    return fallback ?? except ?? (this.#targets[0] as Target);
  }

  avoid(target: Target): void {
    target.avoidUntil = performance.now() + AVOIDED;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#targets.map(({ pool }) => pool.destroy()));
  }
}
