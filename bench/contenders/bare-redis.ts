import type { Contender } from "../contender.ts";
import { REDIS_MISSING, startRedis } from "../redis-server.ts";
import { nodeServer } from "./node-server.ts";

/** The yardstick of a refresh on Redis. */
export const bareNodeEvalsha: Contender = {
  name: "bare-node-evalsha",
  label: "bare Node answer + one signature (ES256) + one EVALSHA",
  missing: REDIS_MISSING,
  async start(ground) {
    const redis = await startRedis(ground.folder, { durable: true });
    const server = nodeServer({
      name: "bare-node-evalsha",
      label: "",
      file: "servers/bare-refresh.ts",
      authenticates: false,
      env: () => ({ REDIS: String(redis.port) }),
    });
    const standing = await server.start(ground);
    return {
      ...standing,
      async stop() {
        await standing.stop();
        await redis.stop();
      },
    };
  },
};
