import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe } from "vitest";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { openRedis } from "./open-redis.ts";
import { storeContract } from "./store-contract.ts";

/** As a user who may run what docs/storage.md says, and nothing else. */
describe.skipIf(REDIS_SERVER === null)("with least privilege", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    await server.command(...documentedUser());
  });
  afterAll(() => server.stop());

  storeContract("Redis", () => openRedis(server.freshUrl().replace("redis://", "redis://postern:PASSWORD@")));
});

function documentedUser(): readonly string[] {
  const text = readFileSync(new URL("../../docs/storage.md", import.meta.url), "utf8");
  const [command] = /^ {4}ACL SETUSER(?:.*\n {6})*.*$/m.exec(text) ?? [];
  if (command === undefined) throw new Error("docs/storage.md names no user");
  return command.trim().split(/\s+/);
}
