import { packageVersion } from "../machine.ts";
import { nodeServer } from "./node-server.ts";
import { withRedis } from "./redis.ts";

const stack = `Hono ${packageVersion("hono")} + jose ${packageVersion("jose")}`;

export const hono = nodeServer({
  name: "hono",
  label: `${stack} + fetch`,
  file: "peers/hono.js",
  authenticates: true,
});

export const honoRedis = withRedis("hono-redis", `${stack} + Redis EXISTS + fetch`, "peers/hono.js");
