import { explainRoutes } from "../routing/explain-routes.ts";
import { reservedPaths } from "../routing/reserved.ts";
import { createRouter } from "../routing/router.ts";
import { didYouMean } from "./closest.ts";
import type { Config } from "./config.ts";
import { formatDuration } from "./duration.ts";
import { type ConfigProblem, problem } from "./problems.ts";
import { quote } from "./values.ts";

/** What is allowed, and probably not meant. */
export function warningsOn(config: Config): ConfigProblem[] {
  return [
    ...unreachable(config),
    ...closedLoginPage(config),
    ...unknownScopes(config),
    ...openToEveryone(config),
    ...shortTokens(config),
  ];
}

function unreachable(config: Config): ConfigProblem[] {
  const findings = explainRoutes(config.routes, reservedPaths(config));
  return findings.map(({ index, message }) => problem(["routes", index], message));
}

/** A page load without a session is sent there: where that needs a session too, it would be sent round for ever. */
function closedLoginPage(config: Config): ConfigProblem[] {
  const { page } = config.login;
  if (page === null || !config.routes.some(({ credentials }) => credentials === "session")) return [];
  const match = createRouter(config.routes, reservedPaths(config)).match("GET", new URL(config.issuer).host, page);
  if (match.kind === "route" && match.route.access.kind !== "required") return [];
  const why = match.kind === "route" ? `the route ${match.route.path} asks for a login first` : "no route answers it";
  return [problem(["login", "page"], `${quote(page)} cannot be seen without a login: ${why}`)];
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
