import { didYouMean } from "./closest.ts";
import type { Parts } from "./parts.ts";
import { type ConfigProblem, formatPath, problem } from "./problems.ts";
import { checkCors, checkHeaderRules, checkRewriting } from "./rewriting-checks.ts";
import { checkRoles } from "./role-checks.ts";
import { quote } from "./values.ts";

/** What is wrong with a route in the light of upstreams, roles and the other routes. */
export function checkRoutes({ routes, sections, upstreamNames, roleNames }: Parts): ConfigProblem[] {
  const firstWith = new Map<string, number>();
  return routes.flatMap((route, index) => {
    const at = ["routes", index] as const;
    const problems: ConfigProblem[] = [];
    const { upstream, access, credentials } = route;
    if (typeof upstream === "string" && upstreamNames !== null && !upstreamNames.includes(upstream)) {
      const remedy = didYouMean(upstream, upstreamNames) || ": add it to upstreams";
      problems.push(problem([...at, "upstream"], `no upstream ${quote(upstream)} is configured${remedy}`));
    }
    if (access !== null && typeof access === "object")
      problems.push(...checkRoles(access.roles, roleNames, [...at, "access", "roles"]));
    if (access === "public" && credentials === "session") {
      const remedy = 'use access "optional" or "required", or leave credentials out';
      problems.push(problem([...at, "credentials"], `a public route reads no credential: ${remedy}`));
    }
    for (const [place, { by }] of (access === "public" ? (route.limits ?? []) : []).entries()) {
      if (by === "address") continue;
      const message = `a public route knows no ${by}: limit by "address"`;
      problems.push(problem([...at, "limits", place, "by"], message));
    }
    problems.push(...checkCors(route, at), ...checkRewriting(route, at), ...checkHeaderRules(route, sections, at));
    if (route.path === null || route.host === null || route.methods === null) return problems;
    for (const method of route.methods ?? ["*"]) {
      const key = JSON.stringify([route.host ?? null, route.path, method]);
      const first = firstWith.get(key);
      if (first === undefined) {
        firstWith.set(key, index);
        continue;
      }
      const what = method === "*" ? "host and path" : `host, path and method ${method}`;
      problems.push(
        problem([...at, "path"], `${formatPath(["routes", first])} has the same ${what}: remove one of them`),
      );
      break;
    }
    return problems;
  });
}
