// A service behind Postern that other services may also call directly, with an access token. It checks both by itself, asks the gateway
// nothing per request, and refuses what has been revoked as soon as the gateway does.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
// In a service of your own: "postern/verifier" and "postern/verifier/hono".
import { authenticate, callerOf } from "../../src/verifier/hono.ts";
import { createVerifier, followRevocations } from "../../src/verifier/index.ts";

const { ISSUER: issuer = "http://localhost:8080", CLIENT_ID, CLIENT_SECRET, PORT = "3000" } = process.env;
if (CLIENT_ID === undefined || CLIENT_SECRET === undefined) {
  console.error('Needed: CLIENT_ID and CLIENT_SECRET, from "postern clients add orders --scope postern:revocations".');
  process.exit(2);
}

const revocations = followRevocations({
  ...{ issuer, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
  onProblem: (problem) => console.error(`revocations: ${problem.message}`),
});
// The audience of assertions is this service's name under `upstreams`; that of access tokens is the gateway's.
const verifier = createVerifier({ issuer, audience: "orders", accessTokens: { revocations } });

const app = new Hono();
app.get("/healthz", (c) => c.json({ stale: revocations.stale }, revocations.stale ? 503 : 200));
app.use("/api/orders/*", authenticate(verifier, { scopes: ["orders:read"] }));
app.get("/api/orders/*", (c) => {
  const { sub, name, roles } = callerOf(c);
  return c.json({ orders: [{ id: 1041, item: "A lantern" }], caller: { sub, name, roles } });
});

const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: "127.0.0.1" });
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    revocations.stop();
    server.close();
  });
}
