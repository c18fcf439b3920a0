/** What `postern init` writes: a configuration that works as it is and says what to change. */
export const CONFIG_TEMPLATE = `import { defineConfig } from "postern";

// Every option: docs/configuration.md in the package. Check changes with: npx postern config check
export default defineConfig({
  // The public URL of this gateway. https, except on this machine.
  issuer: "http://127.0.0.1:8080",
  listen: "127.0.0.1:8080",

  // Users, sessions, keys and revocations: one file beside this one.
  store: "sqlite:./data/postern.db",

  // What users may do. Whoever has the role "admin" may use the admin API.
  roles: {
    user: { scopes: ["orders:read"] },
    admin: { scopes: ["orders:read", "orders:write"] },
  },

  // The services behind the gateway.
  upstreams: {
    orders: { targets: ["http://127.0.0.1:3000"] },
  },

  // Which requests may pass. The most specific route wins; what none matches is answered 404.
  routes: [
    { path: "/api/orders/*", upstream: "orders", access: { scopes: ["orders:read"] } },
    { path: "/api/admin/*", upstream: "orders", access: { roles: ["admin"], maxAge: "10m" } },
    { path: "/*", upstream: "orders", access: "public" },
  ],
});
`;
