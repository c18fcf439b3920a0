import type { Contender, Ground } from "../contender.ts";
import { versionOf } from "../machine.ts";
import { freePort, startListening } from "../processes.ts";
import { nodeServer } from "./node-server.ts";

const missing = versionOf("redis-server", "--version") === null ? "redis-server is not installed" : null;

/** A Node server that asks a Redis of its own, on the load's core, whether each token has been revoked. */
export const withRedis = (name: string, label: string, file: string): Contender => ({
  name,
  label,
  missing,
  async start(ground: Ground) {
    const redisPort = await freePort();
    const redis = await startListening(
      {
        name: `${name}-server`,
        command: "redis-server",
        args: ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        core: "rest",
        folder: ground.folder,
      },
      redisPort,
    );
    const server = nodeServer({ name, label, file, authenticates: true, env: () => ({ REDIS: String(redisPort) }) });
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
