import type { Route } from "./route.ts";

/** The routes that share a host and a path: they differ in their methods only. */
export interface PathRules {
  readonly routes: readonly Route[];
  /** Whether a route speaks of HEAD by name; where none does, it goes where GET goes. */
  readonly namesHead: boolean;
}

/** Routes by path, for one host or for every host. */
interface PathTable {
  readonly exact: Map<string, PathRules>;
  /** Keyed without the trailing `/*`; the prefix of every path is the empty string. */
  readonly prefixes: Map<string, PathRules>;
  /** Slashes in the deepest prefix: no longer one needs to be tried. */
  deepest: number;
}

/** Finds the most specific rules for a path: host, then exact, then the longest prefix. Null: no route names it. */
export type FindRules = (host: string, path: string) => PathRules | null;

/** Two rules that are written differently and are the same once folded. Nobody can say which one such a path means. */
const CONFLICT: PathRules = { routes: [], namesHead: false };

/** The path that a prefix route is found by, or null when the route is exact. */
export const prefixOf = (path: string): string | null => (path.endsWith("/*") ? path.slice(0, -2) : null);

/**
 * Compiles rules into hash tables. `respell` folds the paths of the folded table and leaves those of the literal one as they
 * are; rules that fall together by it become CONFLICT.
 */
export function compileRules(groups: readonly PathRules[], respell: (path: string) => string): FindRules {
  const anyHost = newTable();
  const hosts = new Map<string, PathTable>();
  for (const group of groups) {
    const route = group.routes[0];
    if (route === undefined) continue;
    const table = route.host === null ? anyHost : (hosts.get(route.host) ?? newTable());
    if (route.host !== null) hosts.set(route.host, table);
    const prefix = prefixOf(route.path);
    if (prefix === null) {
      put(table.exact, respell(route.path), group);
    } else {
      const key = prefix === "" ? "" : respell(prefix);
      put(table.prefixes, key, group);
      table.deepest = Math.max(table.deepest, countSlashes(key));
    }
  }
  if (hosts.size === 0) return (_host, path) => find(anyHost, path);
  return (host, path) => {
    const table = hosts.get(host);
    return (table === undefined ? null : find(table, path)) ?? find(anyHost, path);
  };
}

const newTable = (): PathTable => ({ exact: new Map(), prefixes: new Map(), deepest: 0 });

function put(map: Map<string, PathRules>, key: string, group: PathRules): void {
  map.set(key, map.has(key) ? CONFLICT : group);
}

function find(table: PathTable, path: string): PathRules | null {
  const exact = table.exact.get(path);
  if (exact !== undefined) return exact;
  if (table.prefixes.size === 0) return null;
  let end = endOfDepth(path, table.deepest);
  while (end > 0) {
    const rules = table.prefixes.get(end === path.length ? path : path.slice(0, end));
    if (rules !== undefined) return rules;
    end = path.lastIndexOf("/", end - 1);
  }
  return table.prefixes.get("") ?? null;
}

/** Where the part of `path` with `depth` slashes ends. */
function endOfDepth(path: string, depth: number): number {
  let seen = 0;
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    if (seen === depth) return at;
    seen++;
  }
  return path.length;
}

const countSlashes = (text: string): number => text.split("/").length - 1;

/** Gathers routes that share host and path, in the order of the configuration. */
export function groupRoutes(routes: readonly Route[]): PathRules[] {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const key = `${route.host ?? ""} ${route.path}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [route]);
    else group.push(route);
  }
  return [...groups.values()].map((members) => ({
    routes: members,
    namesHead: members.some(({ methods }) => methods?.includes("HEAD")),
  }));
}
