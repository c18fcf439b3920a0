import type { Upstream, UpstreamTls } from "../proxy/upstream.ts";
import type { Access, Cors, HeaderRules, RateLimit, Route } from "../routing/route.ts";
import type { Config, StoreAddress } from "./config.ts";
import type { ParsedInput } from "./schema.ts";
import { toCors, toRouteCors } from "./to-cors.ts";

/** A file's commit may wait for the disk, and for other processes; a Redis that takes longer than this is in trouble. */
const STORE_TIMEOUT = { sqlite: 1_000, redis: 150 } as const satisfies Record<StoreAddress["kind"], number>;

/** The configuration as the rest of Postern takes it. `store` stands in for the file's own. */
export function toConfig(parsed: ParsedInput, store: StoreAddress | null): Config {
  const { tokens, sessions, passwords, registration, login } = parsed;
  const address = store ?? parsed.store;
  const cors = toCors(parsed.cors);
  return {
    issuer: parsed.issuer,
    origin: new URL(parsed.issuer).origin,
    audience: parsed.audience ?? parsed.issuer,
    listen: parsed.listen,
    tls: parsed.tls ?? null,
    operations: parsed.operations,
    admin: parsed.admin,
    paths: parsed.paths,
    store: address,
    tokens: { access: tokens.access, keys: tokens.keys },
    sessions: { ...tokens.refresh, ...sessions },
    revocation: { ...parsed.revocation, minReplicas: parsed.revocation.minReplicas ?? defaultReplicas(address) },
    // argon2 counts memory in KiB.
    passwords: { ...passwords, memory: Math.ceil(passwords.memory / 1024) },
    registration: registration !== false,
    registrationRoles: typeof registration === "object" ? registration.roles : [],
    login: { ...login, page: login.page ?? null, origin: login.origin ?? null },
    cors,
    trustedProxies: parsed.trustedProxies,
    roles: parsed.roles,
    clients: parsed.clients,
    identityHeaders: parsed.identityHeaders,
    upstreams: Object.fromEntries(
      Object.entries(parsed.upstreams).map(([name, upstream]) => [name, toUpstream(name, upstream)]),
    ),
    routes: parsed.routes.map((route) => toRoute(route, cors)),
    limits: parsed.limits.map(toLimit),
    audit: parsed.audit,
    log: parsed.log,
    workers: parsed.workers,
    shutdown: parsed.shutdown,
    connections: parsed.connections,
    maxBody: parsed.maxBody,
    storeTimeout: parsed.storeTimeout ?? STORE_TIMEOUT[address.kind],
  };
}

/** Where a replica may take the primary's place, it must have what has been acknowledged. */
const defaultReplicas = (store: StoreAddress): number =>
  store.kind === "redis" && /[?&](?:sentinel=|cluster=true)/.test(store.url) ? 1 : 0;

const toRoute = ({ stripPrefix, addPrefix, ...route }: ParsedInput["routes"][number], all: Cors): Route => ({
  ...route,
  host: route.host ?? null,
  methods: route.methods ?? null,
  upstream: route.upstream ?? null,
  access: toAccess(route.access),
  limits: route.limits.map(toLimit),
  cors: toRouteCors(route.cors, all),
  maxBody: route.maxBody ?? null,
  rewrite:
    stripPrefix === undefined && addPrefix === undefined ? null : { strip: stripPrefix ?? "", add: addPrefix ?? "" },
  requestHeaders: toHeaderRules(route.requestHeaders),
  responseHeaders: toHeaderRules(route.responseHeaders),
});

const toHeaderRules = (changes: ParsedInput["routes"][number]["requestHeaders"]): HeaderRules | null =>
  changes === undefined
    ? null
    : {
        set: Object.entries(changes.set).flat(),
        drop: [...Object.keys(changes.set), ...changes.remove].map((name) => name.toLowerCase()),
      };

const toLimit = ({ by, rate, burst }: ParsedInput["limits"][number]): RateLimit => ({
  ...{ by, ...rate, burst: burst ?? rate.requests },
});

function toUpstream(name: string, upstream: ParsedInput["upstreams"][string]): Upstream {
  const { host, ejection, health, tls } = upstream;
  return {
    ...upstream,
    name,
    host: host === "client" || host === "target" ? host : { name: host },
    totalTimeout: upstream.totalTimeout ?? null,
    ejection: ejection === false ? null : ejection,
    health: health ?? null,
    tls: tls === undefined ? null : toTls(tls),
  };
}

const toTls = ({ ca, cert, key, serverName }: NonNullable<ParsedInput["upstreams"][string]["tls"]>): UpstreamTls => ({
  ca: ca ?? null,
  client: cert === undefined || key === undefined ? null : { cert, key },
  serverName: serverName ?? null,
});

function toAccess(access: ParsedInput["routes"][number]["access"]): Access {
  if (typeof access === "object") return { kind: "required", ...access, maxAge: access.maxAge ?? null };
  return access === "required" ? { kind: access, scopes: [], roles: [], maxAge: null } : { kind: access };
}
