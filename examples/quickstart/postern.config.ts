// A configuration of your own begins: import { defineConfig } from "postern";
import { defineConfig } from "../../src/index.ts";

/** `npm start -- --port 9000` sets POSTERN_LISTEN; the two ports after it are for operations and for the demo service. */
const listen = process.env.POSTERN_LISTEN ?? "127.0.0.1:8080";
export const port = Number(listen.slice(listen.lastIndexOf(":") + 1));
export const { origin: issuer } = new URL(`http://127.0.0.1:${port}`);

export default defineConfig({
  issuer,
  listen,
  operations: { listen: `127.0.0.1:${port + 1}` },
  store: "sqlite:../../data/postern.db",
  roles: {
    user: { scopes: ["orders:read"] },
    admin: { scopes: ["orders:read", "orders:write"] },
  },
  upstreams: { shop: { targets: [`http://127.0.0.1:${port + 2}`] } },
  routes: [
    { path: "/api/*", upstream: "shop", access: { scopes: ["orders:read"] } },
    { path: "/*", upstream: "shop", access: "public" },
  ],
});
