import type { Contender, Ground } from "../contender.ts";
import { REDIS_MISSING, startRedis } from "../redis-server.ts";
import { nodeServer } from "./node-server.ts";

/** A Node server that asks a Redis of its own, on the load's core, whether each token has been revoked. */
export const withRedis = (name: string, label: string, file: string): Contender => ({
  name,
  label,
  missing: REDIS_MISSING,
  async start(ground: Ground) {
    const redis = await startRedis(ground.folder, { durable: false });
    const server = nodeServer({ name, label, file, authenticates: true, env: () => ({ REDIS: String(redis.port) }) });
    const standing = await server.start(ground);
    return {
      ...standing,
      async stop() {
        await standing.stop();
        await redis.stop();
      },
    };
  },
});
