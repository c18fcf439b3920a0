import type { Ground } from "./contender.ts";
import { makeMany, refresh } from "./postern-client.ts";
import { type Deployment, type Gateway, PosternGateways } from "./postern-gateways.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { Seeding } from "./seeding.ts";

/** Gateways on a Redis of their own. */
export interface PosternFleet {
  readonly redis: RedisServer;
  readonly gateways: PosternGateways;
  readonly seeding: Seeding;
  /** Access tokens of as many new sessions, by way of this gateway. */
  logIns(count: number, at: Gateway): Promise<readonly string[]>;
  /** Refresh tokens of as many new sessions. */
  refreshTokens(count: number): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const USERS = 200;

export async function startFleet(ground: Ground, deployment: Omit<Deployment, "store"> = {}): Promise<PosternFleet> {
  const redis = await startRedis(ground.folder, { durable: true });
  try {
    const gateways = await PosternGateways.on(ground, { ...deployment, store: redis.url });
    const seeding = await Seeding.on(gateways);
    const users = await seeding.users(USERS);
    const refreshTokens = (count: number) => seeding.refreshTokens(count, users);
    return {
      ...{ redis, gateways, seeding, refreshTokens },
      async logIns(count, { port }) {
        const tokens = await refreshTokens(count);
        return makeMany(count, 8, async (index) => (await refresh(port, tokens[index] ?? "")).access);
      },
      async stop() {
        await gateways.stop();
        await seeding.close();
        await redis.stop();
      },
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}
