// Express with the packages that its tutorials name. JavaScript for the reason in hono.js.
import { createPublicKey } from "node:crypto";
import { Agent } from "node:http";
import express from "express";
import { expressjwt } from "express-jwt";
import { createProxyMiddleware } from "http-proxy-middleware";

const { PORT, UPSTREAM, PUBLIC_JWK, ISSUER } = process.env;
const secret = createPublicKey({ key: JSON.parse(PUBLIC_JWK), format: "jwk" });

const app = express();
app.use(expressjwt({ secret, algorithms: ["ES256"], issuer: ISSUER, audience: ISSUER }));
app.use((request, response, next) => {
  if (!request.auth.scope.split(" ").includes("orders:read")) return response.sendStatus(403);
  next();
});
// With connections that are kept, which it does not do by itself.
const agent = new Agent({ keepAlive: true });
app.use(createProxyMiddleware({ target: `http://127.0.0.1:${UPSTREAM}`, agent }));
app.listen(Number(PORT), "127.0.0.1");
