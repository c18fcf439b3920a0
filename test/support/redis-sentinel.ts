import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { replicates } from "./redis-replica.ts";
import { REDIS_SERVER, type RedisServer, redisAnswers, redisCommand, startRedis } from "./redis-server.ts";
import { tempDirInMemory } from "./temp-dir.ts";
import { waitUntil } from "./wait-until.ts";

const SENTINELS = 3;
const QUORUM = 2;
const REPLICAS = 2;

/** A primary, two replicas, and three sentinels that watch them, all on loopback. */
export interface RedisSentinel {
  /** The store's URL: where the sentinels are, and what they call the primary. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  primary(): Promise<RedisServer>;
  /** Of the sentinels; the URL names them in this order. */
  readonly ports: readonly number[];
  /** kill -9 of the primary. Resolves when the sentinels have put another server in its place, and it takes writes. */
  killPrimary(): Promise<{ readonly killed: RedisServer; readonly promoted: RedisServer }>;
  /** Has the sentinels put another server in the place of a primary that is well. Resolves as `killPrimary`. */
  handOver(): Promise<void>;
}

export async function startRedisSentinel(): Promise<RedisSentinel> {
  const name = "postern";
  const first = await startRedis();
  const following = { settings: ["--replicaof", "127.0.0.1", String(first.port)] };
  const replicas = await Promise.all(Array.from({ length: REPLICAS }, () => startRedis(following)));
  const servers = [first, ...replicas];
  await Promise.all(replicas.map(({ port }) => replicates(port)));
  const sentinelPorts: number[] = [];
  for (let index = 0; index < SENTINELS; index++) sentinelPorts.push(await startSentinel(name, first.port));

  const ask = (...command: readonly string[]): Promise<unknown> =>
    Promise.any(sentinelPorts.map((port) => redisCommand(port, "SENTINEL", ...command)));
  await Promise.all(sentinelPorts.map((port) => knowsAll(port, name)));

  const primary = async (): Promise<RedisServer> => {
    const [, port] = (await ask("get-master-addr-by-name", name)) as readonly string[];
    const found = servers.find((server) => server.port === Number(port));
    if (found === undefined) throw new Error(`the sentinels name an unknown primary: ${port}`);
    return found;
  };
  async function successorOf(before: RedisServer): Promise<RedisServer> {
    let promoted = before;
    await waitUntil(
      () => "the sentinels put no other server in the primary's place",
      async () => {
        promoted = await primary();
        if (promoted === before) return false;
        const [role] = (await promoted.command("ROLE").catch(() => [])) as readonly unknown[];
        return role === "master";
      },
    );
    // Each sentinel tells of the change for itself, the leader when it has ended the failover, and clients drop their
    // connection at every word of it. The address that they give out changes before that, their record with it.
    await waitUntil(
      () => "not every sentinel has made the change",
      async () => {
        const records = await Promise.all(sentinelPorts.map((port) => redisCommand(port, "SENTINEL", "MASTER", name)));
        return records.every((record) => {
          const fields = record as readonly string[];
          return Number(fields[fields.indexOf("port") + 1]) === promoted.port;
        });
      },
    );
    return promoted;
  }

  const [seed, ...more] = sentinelPorts;
  const nodes = more.map((port) => `&node=127.0.0.1:${port}`).join("");
  return {
    ...{ url: `redis://127.0.0.1:${seed}?sentinel=${name}${nodes}`, servers, primary, ports: sentinelPorts },
    async killPrimary() {
      const killed = await primary();
      await killed.kill();
      return { killed, promoted: await successorOf(killed) };
    },
    async handOver() {
      const before = await primary();
      await redisCommand(seed ?? 0, "SENTINEL", "FAILOVER", name);
      await successorOf(before);
    },
  };
}

/** Sentinels keep what they learn in their configuration file. */
async function startSentinel(name: string, primaryPort: number): Promise<number> {
  // A sentinel that is held up for two seconds, as by writing its file, does nothing for the next thirty (TILT mode).
  const [port, dir] = [await freePort(), await tempDirInMemory()];
  const file = join(dir, "sentinel.conf");
  await writeFile(
    file,
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${dir}`,
      `sentinel monitor ${name} 127.0.0.1 ${primaryPort} ${QUORUM}`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 3000`,
      `sentinel parallel-syncs ${name} ${REPLICAS}`,
    ].join("\n"),
  );
  const child = startChild(REDIS_SERVER ?? "redis-server", [file, "--sentinel"], { cwd: dir });
  await redisAnswers(port, () => child.output());
  return port;
}

/** A sentinel that knows too little when the primary dies elects nobody. */
async function knowsAll(port: number, name: string): Promise<void> {
  await waitUntil(
    () => `the sentinel at ${port} does not see the others`,
    async () => {
      const flat = (await redisCommand(port, "SENTINEL", "master", name)) as readonly string[];
      const value = (field: string): number => Number(flat[flat.indexOf(field) + 1]);
      return value("num-slaves") === REPLICAS && value("num-other-sentinels") === SENTINELS - 1;
    },
  );
}
