import { afterAll, beforeAll, describe } from "vitest";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { openRedis } from "./open-redis.ts";
import { storeContract } from "./store-contract.ts";

describe.skipIf(REDIS_SERVER === null)("on a server of its own", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  storeContract("Redis", () => openRedis(server.freshUrl()));
});
