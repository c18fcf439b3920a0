// A configuration of your own begins: import { defineConfig } from "postern";
import { defineConfig } from "../../src/index.ts";

/** One file for every gateway: where each listens is all in which they differ. */
const first = Number(process.env.FLEET_PORT ?? 9200);
const number = Number(process.env.FLEET_GATEWAY ?? 0);

export const GATEWAYS = 2;
/** Each gateway has a port, and one for operations; behind them are the service and Redis. */
export const ports = (gateway: number) => ({ main: first + 2 * gateway, operations: first + 2 * gateway + 1 });
export const servicePort = first + 2 * GATEWAYS;
export const redisPort = servicePort + 1;
/** The fleet's one name, which a load balancer would have. */
export const issuer = `http://127.0.0.1:${first}`;

export default defineConfig({
  issuer,
  listen: `127.0.0.1:${ports(number).main}`,
  operations: { listen: `127.0.0.1:${ports(number).operations}` },
  store: `redis://127.0.0.1:${redisPort}`,
  roles: { user: { scopes: ["orders:read"] } },
  upstreams: { shop: { targets: [`http://127.0.0.1:${servicePort}`] } },
  routes: [
    { path: "/api/*", upstream: "shop", access: { scopes: ["orders:read"] } },
    { path: "/*", upstream: "shop", access: "public" },
  ],
});
