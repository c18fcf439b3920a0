import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { versionOf } from "./machine.ts";
import { freePort, type Running, startListening } from "./processes.ts";

export const REDIS_MISSING = versionOf("redis-server", "--version") === null ? "redis-server is not installed" : null;

export interface RedisServer extends Running {
  readonly port: number;
  readonly url: string;
}

const AS_OPERATED = ["--appendonly", "yes", "--maxmemory-policy", "noeviction"];

/** A Redis of one's own on the load's core. `durable`: with the settings that a store needs. */
export async function startRedis(folder: string, { durable }: { readonly durable: boolean }): Promise<RedisServer> {
  const port = await freePort();
  const dir = mkdtempSync(join(folder, "redis-"));
  const settings = durable ? AS_OPERATED : ["--appendonly", "no"];
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir, ...settings];
  const program = { name: "redis", command: "redis-server", args, core: "rest", folder: dir } as const;
  return { ...(await startListening(program, port)), port, url: `redis://127.0.0.1:${port}` };
}

/** Runs `work` with a connection that ends with it. */
export async function withRedisClient<T>({ port }: RedisServer, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(port, "127.0.0.1");
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** Bytes that it has given out. */
export const usedMemory = async (client: Redis): Promise<number> =>
  Number(/^used_memory:(\d+)/m.exec(await client.info("memory"))?.[1]);
