import type { Redis } from "ioredis";
import { makeMany } from "../postern-client.ts";
import { PosternGateways } from "../postern-gateways.ts";
import { REDIS_MISSING, startRedis, usedMemory, withRedisClient } from "../redis-server.ts";
import type { Row } from "../row.ts";
import { Seeding } from "../seeding.ts";

const SESSIONS_EACH = 10;
const ABREAST = 32;
const PARTITIONS = Array.from({ length: 16 }, (_, index) => `postern:{p${String(index).padStart(2, "0")}}:`);

/** What a user, a session, a login's audit record and a revocation take of Redis. */
export const redisMemory: Row = {
  name: "redis-memory",
  missing: REDIS_MISSING,
  async measure({ ground, effort, quick }) {
    const count = quick ? 5_000 : 100_000;
    const redis = await startRedis(ground.folder, { durable: true });
    const gateways = await PosternGateways.on(ground, { store: redis.url });
    const seeding = await Seeding.on(gateways);
    try {
      return await withRedisClient(redis, async (client) => {
        effort.say(`redis-memory: ${count} sessions`);
        const empty = await usedMemory(client);
        const users = await seeding.users(count / SESSIONS_EACH);
        const peopled = await usedMemory(client);
        const auditBefore = await bytesOf(client, "audit");
        const sessions = await seeding.sessions(count, users);
        const full = await usedMemory(client);
        const audit = (await bytesOf(client, "audit")) - auditBefore;
        await makeMany(count, ABREAST, (index) => end(seeding, sessions[index] ?? fail()));
        const feed = await bytesOf(client, "feed");
        const bytes = { user: (peopled - empty) / users.length, session: (full - peopled - audit) / count };
        return { table: table(count, { ...bytes, audit: audit / count, revocation: feed / count }), figures: {} };
      });
    } finally {
      await seeding.close();
      await redis.stop();
    }
  },
};

const end = ({ store }: Seeding, { sub, sid }: { readonly sub: string; readonly sid: string }) =>
  store.endSession({ sub, sid, reason: "logout", origin: { actor: sub, address: "192.0.2.7" } });

const fail = (): never => {
  throw new Error("no such session");
};

/** Of these keys in all partitions together, every element counted. */
async function bytesOf(client: Redis, key: string): Promise<number> {
  const sizes = await Promise.all(PARTITIONS.map((prefix) => client.memory("USAGE", `${prefix}${key}`, "SAMPLES", 0)));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

interface Bytes {
  readonly user: number;
  readonly session: number;
  readonly audit: number;
  readonly revocation: number;
}

const table = (count: number, { user, session, audit, revocation }: Bytes): string =>
  [
    "### Bytes in Redis",
    "",
    `${count.toLocaleString("en-GB")} sessions, ${SESSIONS_EACH} a user, with a browser's user agent and no data of their own, then logged out. Users and sessions by the difference in \`used_memory\`, indexes included; the streams by MEMORY USAGE.`,
    "",
    "| one | bytes |",
    "| --- | --- |",
    `| user, without a password | ${user.toFixed(0)} |`,
    `| session | ${session.toFixed(0)} |`,
    `| audit record of a login | ${audit.toFixed(0)} |`,
    `| revocation of a session, while it is live | ${revocation.toFixed(0)} |`,
    "",
  ].join("\n");
