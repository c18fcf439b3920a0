// The build that tutorials lead to: Hono, jose for every request, fetch as the proxy; with REDIS also one EXISTS a request.
// JavaScript, because this folder's packages are installed by the bench only and a plain checkout would not type-check.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { importJWK, jwtVerify } from "jose";

const { PORT, UPSTREAM, REDIS, PUBLIC_JWK, ISSUER } = process.env;
const publicKey = await importJWK(JSON.parse(PUBLIC_JWK), "ES256");
const redis = REDIS ? new (await import("ioredis")).Redis({ port: Number(REDIS) }) : null;

const verifyToken = async (authorization) => {
  const token = authorization?.replace(/^Bearer /, "") ?? "";
  const { payload } = await jwtVerify(token, publicKey, { issuer: ISSUER, audience: ISSUER, algorithms: ["ES256"] });
  return payload;
};

const app = new Hono();
app.all("*", async (context) => {
  const claims = await verifyToken(context.req.header("authorization")).catch(() => null);
  if (claims === null || !claims.scope.split(" ").includes("orders:read")) return context.body(null, 401);
  if (redis && (await redis.exists(`revoked:${claims.jti}`))) return context.body(null, 401);
  const url = new URL(context.req.url);
  const headers = new Headers(context.req.raw.headers);
  headers.delete("authorization");
  headers.set("x-user", claims.sub);
  return fetch(`http://127.0.0.1:${UPSTREAM}${url.pathname}${url.search}`, {
    method: context.req.method,
    headers,
    body: context.req.raw.body,
  });
});
serve({ fetch: app.fetch, port: Number(PORT), hostname: "127.0.0.1" });
