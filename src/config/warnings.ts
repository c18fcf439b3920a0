import { explainRoutes } from "../routing/explain-routes.ts";
import { reservedPaths } from "../routing/reserved.ts";
import { didYouMean } from "./closest.ts";
import type { Config } from "./config.ts";
import { formatDuration } from "./duration.ts";
import { type ConfigProblem, problem } from "./problems.ts";
import { quote } from "./values.ts";

/** What is allowed, and probably not meant. */
export function warningsOn(config: Config): ConfigProblem[] {
  return [...unreachable(config), ...unknownScopes(config), ...openToEveryone(config), ...shortTokens(config)];
}

function unreachable(config: Config): ConfigProblem[] {
  const findings = explainRoutes(config.routes, reservedPaths(config));
  return findings.map(({ index, message }) => problem(["routes", index], message));
}

/** Clients made by command may have scopes that the configuration does not know. */
function unknownScopes({ roles, clients, routes }: Config): ConfigProblem[] {
  const granted = [...Object.values(roles), ...Object.values(clients)].flatMap(({ scopes }) => scopes);
  return routes.flatMap(({ access }, index) => {
    if (access.kind !== "required") return [];
    return access.scopes.flatMap((scope, place) => {
      if (granted.includes(scope)) return [];
      const path = ["routes", index, "access", "scopes", place];
      return [problem(path, `no role and no client has the scope ${quote(scope)}${didYouMean(scope, granted)}`)];
    });
  });
}

function openToEveryone({ trustedProxies }: Config): ConfigProblem[] {
  return trustedProxies.flatMap((block, index) => {
    if (!block.endsWith("/0")) return [];
    return [problem(["trustedProxies", index], `${block} is everybody: any client can claim any address and host`)];
  });
}

function shortTokens({ tokens, sessions }: Config): ConfigProblem[] {
  const { ttl } = tokens.access;
  if (sessions.grace < ttl) return [];
  const text = `an access token lives no longer (${formatDuration(ttl)}): renewals within the grace do not rotate`;
  return [problem(["tokens", "refresh", "grace"], text)];
}
