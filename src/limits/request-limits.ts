import { addressBucket } from "../accounts/address-bucket.ts";
import type { Problem } from "../protocol/errors.ts";
import type { RateLimit, Route } from "../routing/route.ts";
import type { Principal } from "../tokens/principal.ts";
import { Buckets } from "./buckets.ts";

/** Keys of all limits together: about 120 bytes each. */
const MAX_KEYS = 100_000;
/** Of one limit, however many there are. */
const MIN_KEYS = 1_000;

/** Counts the requests that are let through. Each answers with the problem of one too many, or null; what is refused is not counted. */
export interface RequestLimits {
  /** Before authentication. `address` of the client, in canonical form; asked only where it is needed. */
  byAddress(route: Route, address: () => string): Problem | null;
  /** After it. Where nobody is known, nobody is limited. */
  byPrincipal(route: Route, principal: Principal | null): Problem | null;
}

export interface RequestLimitsOptions {
  /** Counted over all routes together. */
  readonly overall: readonly RateLimit[];
  readonly routes: readonly Route[];
  /** The buckets of the limits in use, by limit: those that the next configuration has too go on, others are dropped. */
  readonly known: Map<string, Buckets>;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
}

interface Counter {
  readonly limit: RateLimit;
  readonly buckets: Buckets;
}

interface RouteCounters {
  readonly address: readonly Counter[];
  readonly principal: readonly Counter[];
}

const UNLIMITED: RequestLimits = { byAddress: () => null, byPrincipal: () => null };

export function createRequestLimits({ overall, routes, known, monotonic }: RequestLimitsOptions): RequestLimits {
  const counters = countersOf(overall, routes, known);
  if (counters.size === 0) return UNLIMITED;

  return {
    byAddress(route, address) {
      const rules = counters.get(route)?.address;
      if (rules === undefined || rules.length === 0) return null;
      // An IPv4 address in canonical form is its own network.
      const client = address();
      const key = client.includes(":") ? addressBucket(client) : client;
      return count(rules, () => key, monotonic());
    },
    byPrincipal(route, principal) {
      const rules = principal === null ? undefined : counters.get(route)?.principal;
      if (principal === null || rules === undefined || rules.length === 0) return null;
      return count(rules, ({ by }) => (by === "client" ? principal.clientId : principal.sub), monotonic());
    },
  };
}

/** One request for all counters, or for none. */
function count(rules: readonly Counter[], keyFor: (limit: RateLimit) => string, now: number): Problem | null {
  let longest = 0;
  let refusing: RateLimit | null = null;
  for (const { limit, buckets } of rules) {
    const wait = buckets.wait(keyFor(limit), now);
    if (wait <= longest) continue;
    longest = wait;
    refusing = limit;
  }
  if (refusing !== null) return { code: "rate_limited", retryAfter: longest / 1000, quota: refusing };
  for (const { limit, buckets } of rules) buckets.take(keyFor(limit), now);
  return null;
}

/** Of the routes that have any. */
function countersOf(
  overall: readonly RateLimit[],
  routes: readonly Route[],
  known: Map<string, Buckets>,
): Map<Route, RouteCounters> {
  const all = overall.length + routes.reduce((sum, { limits }) => sum + limits.length, 0);
  const capacity = Math.max(MIN_KEYS, Math.floor(MAX_KEYS / all));
  const used = new Set<string>();
  const counter = (of: unknown, limit: RateLimit): Counter => {
    const name = JSON.stringify([of, limit]);
    const buckets = known.get(name) ?? new Buckets({ ...limit, capacity });
    buckets.capacity = capacity;
    known.set(name, buckets);
    used.add(name);
    return { limit, buckets };
  };
  const shared = overall.map((limit) => counter(null, limit));
  const counters = new Map<Route, RouteCounters>();
  for (const route of routes) {
    const { host, path, methods, limits } = route;
    const rules = [...shared, ...limits.map((limit) => counter([host, path, methods], limit))];
    const address = rules.filter(({ limit }) => limit.by === "address");
    const principal = rules.filter(({ limit }) => limit.by !== "address");
    if (rules.length > 0) counters.set(route, { address, principal });
  }
  for (const name of known.keys()) if (!used.has(name)) known.delete(name);
  return counters;
}
