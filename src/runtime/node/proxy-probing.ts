import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { HealthRules, Upstream } from "../../proxy/upstream.ts";

/** Asks an upstream's targets, again and again, whether they are well. */
export interface Probing {
  stop(): void;
}

/** `told` is called with a target's place in the list and its answer, after each probe. */
export function startProbing(
  upstream: Upstream,
  health: HealthRules,
  told: (index: number, well: boolean) => void,
): Probing {
  const timers = new Map<number, NodeJS.Timeout>();
  const stopped = new AbortController();
  async function round(index: number, origin: string): Promise<void> {
    const well = await probe(origin, upstream, health, stopped.signal);
    if (stopped.signal.aborted) return;
    told(index, well);
    timers.set(index, setTimeout(() => void round(index, origin), health.interval).unref());
  }
  for (const [index, origin] of upstream.targets.entries()) void round(index, origin);
  return {
    stop() {
      stopped.abort();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** On a connection of its own: neither a full pool nor a connection that died unseen says anything about the target. */
function probe(origin: string, { host, tls }: Upstream, rules: HealthRules, stopped: AbortSignal): Promise<boolean> {
  const url = new URL(rules.path, origin);
  const signal = AbortSignal.any([AbortSignal.timeout(rules.timeout), stopped]);
  const headers = { "User-Agent": "postern-health", ...(typeof host === "object" ? { Host: host.name } : {}) };
  const secure = {
    rejectUnauthorized: true,
    ...(tls?.ca == null ? {} : { ca: tls.ca }),
    ...tls?.client,
    ...(tls?.serverName == null ? {} : { servername: tls.serverName }),
  };
  return new Promise((resolve) => {
    const options = { agent: false, signal, headers };
    const request = url.protocol === "https:" ? requestTls(url, { ...options, ...secure }) : requestPlain(url, options);
    request.once("response", (response) => {
      const { statusCode = 0 } = response;
      response.destroy();
      resolve(statusCode >= 200 && statusCode < 300);
    });
    request.once("error", () => resolve(false));
    request.end();
  });
}
