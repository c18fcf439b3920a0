import { formatDuration } from "./duration.ts";
import type { Parts } from "./parts.ts";
import { type ConfigProblem, type Path, problem } from "./problems.ts";
import { checkRoles } from "./role-checks.ts";
import { checkRoutes } from "./route-checks.ts";
import { checkUpstreams } from "./upstream-checks.ts";
import { quote } from "./values.ts";

/** What is wrong between options that are each well formed. */
export function checkParts(parts: Parts): ConfigProblem[] {
  return [
    ...checkStore(parts),
    ...checkListeners(parts),
    ...checkTls(parts),
    ...checkPaths(parts),
    ...checkLifetimes(parts),
    ...checkIdentityHeaders(parts),
    ...checkRegistration(parts),
    ...checkLogin(parts),
    ...checkUpstreams(parts),
    ...checkRoutes(parts),
  ];
}

function checkStore({ sections: { store } }: Parts): ConfigProblem[] {
  if (store?.kind !== "redis" || new URL(store.url).password === "") return [];
  const remedy = "move the whole URL into the environment variable POSTERN_STORE";
  return [problem(["store"], `holds a password, and files are copied and committed: ${remedy}`)];
}

function checkListeners({ sections: { listen, operations } }: Parts): ConfigProblem[] {
  if (listen === null || operations === null || listen.port === 0) return [];
  const other = operations.listen;
  if (listen.port !== other.port || (listen.host !== other.host && !isAny(listen.host) && !isAny(other.host)))
    return [];
  return [
    problem(["operations", "listen"], `is the address of the main listener: take another port than ${other.port}`),
  ];
}

/** Where the listener speaks TLS, so does everybody who comes. */
function checkTls({ sections: { issuer, tls } }: Parts): ConfigProblem[] {
  if (issuer === null || tls === null || tls === undefined || issuer.startsWith("https:")) return [];
  return [
    problem(["issuer"], `must be https, since the listener has tls: write "https:${issuer.slice("http:".length)}"`),
  ];
}

const isAny = (host: string): boolean => host === "0.0.0.0" || host === "::";

function checkPaths({ sections: { paths } }: Parts): ConfigProblem[] {
  if (paths === null) return [];
  const entries = Object.entries(paths);
  return entries.flatMap(([name, path], index) => {
    const other = entries
      .slice(0, index)
      .find(([, earlier]) => `${path}/`.startsWith(`${earlier}/`) || `${earlier}/`.startsWith(`${path}/`));
    if (other === undefined) return [];
    return [
      problem(
        ["paths", name],
        `${quote(path)} overlaps with paths.${other[0]} (${quote(other[1])}): choose prefixes apart`,
      ),
    ];
  });
}

function checkLifetimes({ sections: { tokens } }: Parts): ConfigProblem[] {
  if (tokens === null) return [];
  const { access, refresh, keys } = tokens;
  const atMost = (path: Path, value: number, limit: number, of: string) =>
    value <= limit ? [] : [problem(path, `${formatDuration(value)} is longer than ${of} (${formatDuration(limit)})`)];
  return [
    ...atMost(["tokens", "refresh", "idle"], refresh.idle, refresh.absolute, "tokens.refresh.absolute"),
    ...atMost(["tokens", "refresh", "grace"], refresh.grace, refresh.idle, "tokens.refresh.idle"),
    ...atMost(["tokens", "access", "ttl"], access.ttl, refresh.absolute, "tokens.refresh.absolute"),
    ...atMost(["tokens", "keys", "publishAhead"], keys.publishAhead, keys.rotateEvery, "tokens.keys.rotateEvery"),
  ];
}

function checkIdentityHeaders({ sections: { identityHeaders } }: Parts): ConfigProblem[] {
  const entries = Object.entries(identityHeaders ?? {});
  return entries.flatMap(([of, name], index) => {
    const other = entries.slice(0, index).find(([, earlier]) => earlier.toLowerCase() === name.toLowerCase());
    if (other === undefined) return [];
    return [problem(["identityHeaders", of], `${quote(name)} is the name of identityHeaders.${other[0]} already`)];
  });
}

/** Handed over to itself, a login would go round for ever. */
function checkLogin({ sections: { login, issuer } }: Parts): ConfigProblem[] {
  if (login?.origin === undefined || issuer === null || new URL(issuer).origin !== login.origin) return [];
  return [problem(["login", "origin"], "is this gateway's own: name the other one, which has the passwords hashed")];
}

function checkRegistration({ sections: { registration }, roleNames }: Parts): ConfigProblem[] {
  if (registration === null || typeof registration === "boolean") return [];
  return checkRoles(registration.roles, roleNames, ["registration", "roles"]);
}
