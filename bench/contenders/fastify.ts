import { packageVersion } from "../machine.ts";
import { nodeServer } from "./node-server.ts";
import { withRedis } from "./redis.ts";

const stack = `fastify ${packageVersion("fastify")} + @fastify/http-proxy + @fastify/jwt`;

export const fastify = nodeServer({ name: "fastify", label: stack, file: "peers/fastify.js", authenticates: true });

export const fastifyRedis = withRedis("fastify-redis", `${stack} + Redis EXISTS`, "peers/fastify.js");
