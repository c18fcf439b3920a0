import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { type RedisServer, redisCommand, startRedis } from "./redis-server.ts";
import { waitUntil } from "./wait-until.ts";

/** A primary and its replica, with a proxy on the link between them and another in front, whose address clients know. */
export interface ReplicatedRedis {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** `redis://127.0.0.1:port` of the proxy in front. */
  readonly url: string;
  readonly front: FaultProxy;
  /** From now on the replica misses what is written. */
  cutLink(): void;
  /** kill -9 of the primary; the replica takes its place, and clients' next connections are to it. */
  failover(): Promise<void>;
}

export async function startReplicatedRedis(): Promise<ReplicatedRedis> {
  const primary = await startRedis();
  const link = await startFaultProxy(primary.port);
  const replica = await startRedis({ settings: ["--replicaof", "127.0.0.1", String(link.port)] });
  const front = await startFaultProxy(primary.port);
  await replicates(replica.port);
  return {
    ...{ primary, replica, front, url: `redis://127.0.0.1:${front.port}` },
    cutLink: () => link.cut(),
    async failover() {
      await primary.kill();
      await replica.command("REPLICAOF", "NO", "ONE");
      front.moveTo(replica.port);
    },
  };
}

/** Resolves when the server at this port is a replica that has all of its primary's data and is sent what comes. */
export async function replicates(port: number): Promise<void> {
  await waitUntil(
    () => `the server at ${port} does not replicate`,
    async () => {
      const [role, , , state] = (await redisCommand(port, "ROLE")) as readonly unknown[];
      return role === "slave" && state === "connected";
    },
  );
}

/** Resolves when the replicas of the server at this port have all that it has; at once where it is a replica itself. */
export async function replicated(port: number): Promise<void> {
  await waitUntil(
    () => `the replicas of ${port} do not catch up`,
    async () => {
      const [role, offset, replicas] = (await redisCommand(port, "ROLE")) as readonly unknown[];
      if (role !== "master") return true;
      return (replicas as readonly string[][]).every(([, , reached]) => Number(reached) >= Number(offset));
    },
  );
}
