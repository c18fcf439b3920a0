import { foldPath, resolvePath, shapeOf } from "./path.ts";
import { createReserved, type ReservedPaths } from "./reserved.ts";
import type { Route } from "./route.ts";
import { prefixOf } from "./route-table.ts";

/** What is wrong with a route that no request, or not every request that it seems to mean, will reach. */
export interface RouteFinding {
  /** Its place in the configuration. */
  readonly index: number;
  readonly kind: "under_reserved" | "unreachable" | "collides" | "ambiguous";
  readonly message: string;
}

/** Names the routes that cannot be reached, those under a reserved path, and those that no reader can tell apart. */
export function explainRoutes(routes: readonly Route[], reservedPaths: ReservedPaths): RouteFinding[] {
  const reserved = createReserved(reservedPaths);
  const findings: RouteFinding[] = [];
  routes.forEach((route, index) => {
    const path = prefixOf(route.path) ?? route.path;
    const find = (kind: RouteFinding["kind"], message: string) => findings.push({ index, kind, message });
    if (path !== "" && (reserved.covers(foldPath(path)) || reserved.covers(resolvePath(path) ?? path))) {
      find("under_reserved", `${show(route)} lies under a path that Postern keeps for itself`);
      return;
    }
    if (path !== "" && shapeOf(path, path.length) === "ambiguous" && !route.allowAmbiguousPath) {
      find("ambiguous", `${show(route)} can be read in more than one way, so every request to it is refused`);
      return;
    }
    const earlier = routes.slice(0, index);
    const shadow = shadowOf(route, earlier);
    if (shadow !== null) {
      find("unreachable", `${show(route)} is never reached: ${show(shadow)} before it takes every method`);
      return;
    }
    const twin = routes.find(
      (other) => other.path !== route.path && other.host === route.host && sameFold(other, route),
    );
    if (twin !== undefined) {
      find(
        "collides",
        `${show(route)} and ${show(twin)} differ only in a spelling that services may ignore; both are refused`,
      );
    }
  });
  return findings;
}

/** The last of the earlier routes that together leave this one no method, or null. */
function shadowOf(route: Route, earlier: readonly Route[]): Route | null {
  const same = earlier.filter((other) => other.host === route.host && other.path === route.path);
  const all = same.find((other) => other.methods === null);
  if (all !== undefined) return all;
  const taken = new Set(same.flatMap((other) => other.methods ?? []));
  if (route.methods === null || !route.methods.every((method) => taken.has(method))) return null;
  return same.at(-1) ?? null;
}

function sameFold(one: Route, other: Route): boolean {
  const [a, b] = [prefixOf(one.path), prefixOf(other.path)];
  if (a === null || b === null) return a === b && foldPath(one.path) === foldPath(other.path);
  return foldPath(a) === foldPath(b);
}

const show = (route: Route): string => `${route.host ?? ""}${route.path}`;
