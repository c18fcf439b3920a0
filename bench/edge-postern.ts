import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { WORKER_ENTRY } from "../test/support/worker-bundle.ts";
import type { Ground } from "./contender.ts";
import { USERS } from "./issuer.ts";
import { type Account, addUsers } from "./postern-client.ts";
import type { PosternFleet } from "./postern-fleet.ts";
import { freePort, type Running } from "./processes.ts";
import { deployWorker, type WorkerDeployment } from "./workerd.ts";

const REDIS_ENTRY = fileURLToPath(new URL("../test/support/worker-redis-entry.ts", import.meta.url));

/** Postern in workerd, its store in a Durable Object of the same process. */
export interface EdgePostern extends WorkerDeployment {
  readonly running: Running;
  readonly accounts: readonly Account[];
  stop(): Promise<void>;
}

/** `isolates`: how many gateways stand on the one store. */
export async function startEdgePostern(ground: Ground, isolates = 1): Promise<EdgePostern> {
  const adminToken = randomBytes(32).toString("base64url");
  const deployment = await deployPostern(ground, {
    ...{ entry: WORKER_ENTRY, isolates, adminToken, objects: { POSTERN_SQLITE: "PosternStore" } },
    ...{ issuer: `http://127.0.0.1:${await freePort()}`, secret: randomBytes(32).toString("base64url") },
  });
  const running = await deployment.start();
  try {
    const accounts = await addUsers(USERS, deployment.ports[0] ?? 0, adminToken);
    return { ...deployment, running, accounts, stop: () => running.stop() };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

interface EdgeProgram {
  readonly entry: string;
  readonly isolates: number;
  readonly objects: Readonly<Record<string, string>>;
  readonly issuer: string;
  readonly secret: string;
  readonly adminToken: string;
  /** Left out: in a Durable Object. */
  readonly store?: string;
}

function deployPostern(ground: Ground, program: EdgeProgram): Promise<WorkerDeployment> {
  const { entry, isolates, objects, issuer, secret, adminToken, store } = program;
  const config = {
    ...{ issuer, storeTimeout: "10s" },
    ...(store === undefined ? {} : { store }),
    tokens: { access: { ttl: "1h" } },
    roles: { user: { scopes: ["orders:read", "orders:write"] } },
    upstreams: { orders: { targets: [`http://127.0.0.1:${ground.upstreamPort}`] } },
    routes: [
      { path: "/api/orders/*", upstream: "orders", access: { scopes: ["orders:read"] } },
      { path: "/*", upstream: "orders", access: "public" },
    ],
  };
  return deployWorker(ground, {
    ...{ name: "edge-postern", entry, isolates, objects },
    bindings: { TEST_CONFIG: JSON.stringify(config), POSTERN_SECRET: secret, POSTERN_ADMIN_TOKEN: adminToken },
  });
}

/** A Worker on the Redis of a fleet. */
export async function startEdgeOnRedis(ground: Ground, { gateways }: Pick<PosternFleet, "gateways">) {
  const { issuer, secret, store } = gateways;
  const deployment = await deployPostern(ground, {
    ...{ entry: REDIS_ENTRY, isolates: 1, adminToken: randomBytes(32).toString("base64url") },
    ...{ objects: { POSTERN_REDIS: "PosternRedis" }, issuer, secret, store },
  });
  const { stop } = await deployment.start();
  return { port: deployment.ports[0] ?? 0, stop };
}
