import { routeHost } from "./host.ts";
import { foldPath, pathEnd, resolvePath, shapeOf } from "./path.ts";
import { createReserved, type ReservedPaths } from "./reserved.ts";
import type { Route, RouteMatch } from "./route.ts";
import { compileRules, groupRoutes, type PathRules } from "./route-table.ts";

/** Chooses the route of a request. Compiled once; pure. */
export interface Router {
  /** `host`: the Host header as sent, or null. `target`: origin-form, as sent. */
  match(method: string, host: string | null, target: string): RouteMatch;
  /** Whether a target is one of Postern's own endpoints, in the one spelling that is served. */
  isReserved(target: string): boolean;
}

const NOT_FOUND: RouteMatch = { kind: "not_found" };
const AMBIGUOUS: RouteMatch = { kind: "ambiguous_path" };

export function createRouter(routes: readonly Route[], reservedPaths: ReservedPaths): Router {
  const groups = groupRoutes(routes);
  const findLiteral = compileRules(groups, (path) => path);
  const findFolded = compileRules(groups, foldPath);
  const hasHosts = routes.some((route) => route.host !== null);
  // Where no route is changed by folding, both tables are the same and a plain path need be looked up once.
  const oneTable = routes.every((route) => foldPath(route.path) === route.path);
  const reserved = createReserved(reservedPaths);
  const matches = new Map<Route, RouteMatch>(routes.map((route) => [route, { kind: "route", route }]));

  return {
    isReserved: reserved.isReserved,

    match(method, host, target) {
      if (target.charCodeAt(0) !== 0x2f) return NOT_FOUND;
      const end = pathEnd(target);
      const path = end === target.length ? target : target.slice(0, end);
      const shape = shapeOf(target, end);
      const name = hasHosts && host !== null ? routeHost(host) : "";

      const rules = findLiteral(name, path);
      const folded = shape === "plain" ? path : foldPath(path);
      if (reserved.covers(folded)) return reserved.isReserved(target) ? NOT_FOUND : AMBIGUOUS;
      if (shape !== "plain" || !oneTable) {
        if (findFolded(name, folded) !== rules) return AMBIGUOUS;
      }
      if (shape !== "ambiguous") return rules === null ? NOT_FOUND : chooseMethod(rules, method);

      const chosen = rules === null ? NOT_FOUND : chooseMethod(rules, method);
      if (chosen.kind !== "route" || !chosen.route.allowAmbiguousPath) return AMBIGUOUS;
      // An opt-in for one route is no way into another: the service behind it may resolve what was sent.
      const resolved = resolvePath(path);
      if (resolved === null || reserved.covers(resolved)) return AMBIGUOUS;
      return findFolded(name, resolved) === rules ? chosen : AMBIGUOUS;
    },
  };

  function chooseMethod(rules: PathRules, method: string): RouteMatch {
    // HEAD is GET without the content (RFC 9110 §9.3.2).
    const asked = method === "HEAD" && !rules.namesHead ? "GET" : method;
    for (const route of rules.routes) {
      if (route.methods === null || route.methods.includes(asked)) return matches.get(route) ?? NOT_FOUND;
    }
    const allowed = new Set(rules.routes.flatMap((route) => route.methods ?? []));
    if (allowed.has("GET") && !rules.namesHead) allowed.add("HEAD");
    return { kind: "method_not_allowed", allow: [...allowed].join(", ") };
  }
}
