import { freePort } from "./free-port.ts";
import { replicates } from "./redis-replica.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { waitUntil } from "./wait-until.ts";

const SHARDS = 3;
const SLOTS = 16_384;

/** One primary with its replica, and the slots that they hold. */
export interface Shard {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
}

/** Three primaries and three replicas that share the slots, all on loopback. */
export interface RedisCluster {
  /** The store's URL: two of the nodes, from which the others are learnt. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  readonly shards: readonly Shard[];
  /** kill -9 of a shard's primary. Resolves when its replica holds its slots and the whole cluster serves again. */
  killPrimary(shard: Shard): Promise<void>;
}

export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: 2 * SHARDS }, startNode));
  const servers = nodes.map(({ server }) => server);
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error("a cluster without nodes");
  await Promise.all(nodes.map(({ server }, index) => server.command("CLUSTER", "SET-CONFIG-EPOCH", index + 1)));
  await Promise.all(
    others.map(({ server, busPort }) => first.server.command("CLUSTER", "MEET", "127.0.0.1", server.port, busPort)),
  );

  const primaries = servers.slice(0, SHARDS);
  await Promise.all(primaries.map(giveSlots));
  await Promise.all(servers.map((server) => info(server, "cluster_known_nodes", String(servers.length))));
  const shards = await Promise.all(
    primaries.map(async (primary, index) => {
      const replica = servers[SHARDS + index];
      if (replica === undefined) throw new Error("a shard without a replica");
      await replica.command("CLUSTER", "REPLICATE", String(await primary.command("CLUSTER", "MYID")));
      await replicates(replica.port);
      return { primary, replica };
    }),
  );
  await Promise.all(servers.map((server) => info(server, "cluster_state", "ok")));

  return {
    ...{ url: `${first.server.url}?cluster=true&node=127.0.0.1:${servers[1]?.port}`, servers, shards },
    async killPrimary({ primary, replica }) {
      await primary.kill();
      await waitUntil(
        () => "the replica was not elected",
        async () => ((await replica.command("ROLE")) as readonly unknown[])[0] === "master",
      );
      const left = servers.filter((server) => server !== primary);
      await Promise.all(left.map((server) => info(server, "cluster_state", "ok")));
    },
  };
}

async function startNode(): Promise<{ readonly server: RedisServer; readonly busPort: number }> {
  const busPort = await freePort();
  const server = await startRedis({
    settings: [
      ...["--cluster-enabled", "yes", "--cluster-port", String(busPort), "--cluster-node-timeout", "1000"],
      // A replica that has fallen behind is still to be elected: what is lost is the gateways' to notice.
      ...["--cluster-replica-validity-factor", "0"],
    ],
  });
  return { server, busPort };
}

async function giveSlots(server: RedisServer, index: number): Promise<void> {
  const from = Math.floor((index * SLOTS) / SHARDS);
  const to = Math.floor(((index + 1) * SLOTS) / SHARDS) - 1;
  await server.command("CLUSTER", "ADDSLOTSRANGE", from, to);
}

async function info(server: RedisServer, field: string, value: string): Promise<void> {
  let text = "";
  await waitUntil(
    () => `${field} is not ${value}: ${text}`,
    async () => {
      text = String(await server.command("CLUSTER", "INFO"));
      return text.includes(`${field}:${value}\r\n`);
    },
  );
}
