import { createAddressSet } from "../proxy/address.ts";
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
    ...widelyTrusted(config),
    ...limitsOfEach(config),
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

/** Blocks that are smaller belong to one site. */
const SITE_IPV4 = 24;
const SITE_IPV6 = 48;
/** RFC 6890: what nobody sends from across the Internet. */
const isPrivate = createAddressSet([
  ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"],
  ...["::1/128", "fc00::/7", "fe80::/10"],
]);

function widelyTrusted({ trustedProxies }: Config): ConfigProblem[] {
  return trustedProxies.flatMap((block, index) => {
    const path = ["trustedProxies", index];
    const [address = "", length] = block.split("/");
    if (length === "0") return [problem(path, `${block} is everybody: any client can claim any address and host`)];
    if (length === undefined || isPrivate(address)) return [];
    if (Number(length) >= (address.includes(":") ? SITE_IPV6 : SITE_IPV4)) return [];
    const text = "many public addresses: if others can send from them too, as any customer of a CDN can";
    return [problem(path, `${block} is ${text}, they can claim any address and host`)];
  });
}

/** Each process counts for itself. */
function limitsOfEach({ workers, limits, routes }: Config): ConfigProblem[] {
  if (workers === 1 || (limits.length === 0 && routes.every((route) => route.limits.length === 0))) return [];
  const times = workers === "auto" ? "as many times as there are cores" : `${workers} times`;
  return [
    problem(["workers"], `limits of requests are counted in each process: up to ${times} what they say may pass`),
  ];
}

function shortTokens({ tokens, sessions }: Config): ConfigProblem[] {
  const { ttl } = tokens.access;
  if (sessions.grace < ttl) return [];
  const text = `an access token lives no longer (${formatDuration(ttl)}): renewals within the grace do not rotate`;
  return [problem(["tokens", "refresh", "grace"], text)];
}
