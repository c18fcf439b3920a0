import { getRequest } from "./load-plan.ts";

export interface ConfiguredRoute {
  readonly host?: string;
  readonly path: string;
  readonly methods?: readonly string[];
  readonly upstream: string;
  readonly access: "public" | "required" | { readonly scopes: readonly string[] };
  readonly websocket?: boolean;
}

/** As many services as are asked for, in the four routes each that `routesOfServices` makes. */
export const SERVICES = 249;

const upstream = "orders";
const reading = { scopes: ["orders:read"] };
const writing = { scopes: ["orders:write"] };

/** What leads to every service, and all that a small configuration has. */
export const FEW_ROUTES: readonly ConfiguredRoute[] = [
  { path: "/api/orders/*", upstream, access: reading },
  { path: "/api/*", upstream, access: reading },
  { path: "/account/*", upstream, access: "required" },
  { path: "/*", upstream, access: "public" },
];

/** With routes of each service: one path for two methods apart, a prefix, and a host of its own. */
export const MANY_ROUTES: readonly ConfiguredRoute[] = [
  ...FEW_ROUTES,
  ...Array.from({ length: SERVICES }, (_, service) => routesOf(service)).flat(),
];

function routesOf(service: number): readonly ConfiguredRoute[] {
  const path = `/api/service-${service}`;
  return [
    { path: `${path}/items`, methods: ["GET"], upstream, access: reading },
    { path: `${path}/items`, methods: ["POST", "PUT"], upstream, access: writing },
    { path: `${path}/orders/*`, upstream, access: reading },
    { host: `tenant-${service}.example`, path: "/api/*", upstream, access: reading },
  ];
}

/** Requests to all the services, each by its path, its prefix and its host, sharing the tokens. */
export const requestsToServices = (tokens: readonly (string | null)[]): readonly string[] =>
  Array.from({ length: SERVICES }, (_, service) => {
    const token = tokens[service % tokens.length] ?? null;
    return [
      getRequest(`/api/service-${service}/items?expand=lines`, token),
      getRequest(`/api/service-${service}/orders/42?expand=lines`, token),
      getRequest("/api/orders/42?expand=lines", token, `tenant-${service}.example`),
    ];
  }).flat();
