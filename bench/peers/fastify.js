// Fastify with its own proxy and JWT plugins. JavaScript for the reason in hono.js.
import { createPublicKey } from "node:crypto";
import httpProxy from "@fastify/http-proxy";
import jwt from "@fastify/jwt";
import fastify from "fastify";
import { Redis } from "ioredis";

const { PORT, UPSTREAM, REDIS, PUBLIC_JWK, ISSUER } = process.env;
const publicPem = createPublicKey({ key: JSON.parse(PUBLIC_JWK), format: "jwk" }).export({
  type: "spki",
  format: "pem",
});
const redis = REDIS ? new Redis({ port: Number(REDIS) }) : null;

const app = fastify();
app.register(jwt, {
  secret: { public: publicPem },
  verify: { algorithms: ["ES256"], allowedIss: ISSUER, allowedAud: ISSUER },
});
app.register(httpProxy, {
  upstream: `http://127.0.0.1:${UPSTREAM}`,
  async preHandler(request, reply) {
    const claims = await request.jwtVerify();
    if (!claims.scope.split(" ").includes("orders:read")) return reply.code(403).send();
    if (redis && (await redis.exists(`revoked:${claims.jti}`))) return reply.code(401).send();
  },
});
await app.listen({ port: Number(PORT), host: "127.0.0.1" });
