import { randomBytes } from "node:crypto";
import { request } from "undici";
import { WORKER_ENTRY } from "../test/support/worker-bundle.ts";
import type { Ground } from "./contender.ts";
import { USERS } from "./issuer.ts";
import type { Account } from "./postern-client.ts";
import { freePort, type Running } from "./processes.ts";
import { deployWorker, type WorkerDeployment } from "./workerd.ts";

/** Postern in workerd, its store in a Durable Object of the same process. */
export interface EdgePostern extends WorkerDeployment {
  readonly running: Running;
  readonly accounts: readonly Account[];
  stop(): Promise<void>;
}

/** `isolates`: how many gateways stand on the one store. */
export async function startEdgePostern(ground: Ground, isolates = 1): Promise<EdgePostern> {
  const adminToken = randomBytes(32).toString("base64url");
  const config = {
    issuer: `http://127.0.0.1:${await freePort()}`,
    storeTimeout: "10s",
    tokens: { access: { ttl: "1h" } },
    roles: { user: { scopes: ["orders:read", "orders:write"] } },
    upstreams: { orders: { targets: [`http://127.0.0.1:${ground.upstreamPort}`] } },
    routes: [
      { path: "/api/orders/*", upstream: "orders", access: { scopes: ["orders:read"] } },
      { path: "/*", upstream: "orders", access: "public" },
    ],
  };
  const deployment = await deployWorker(ground, {
    ...{ name: "edge-postern", entry: WORKER_ENTRY, isolates },
    bindings: {
      TEST_CONFIG: JSON.stringify(config),
      POSTERN_SECRET: randomBytes(32).toString("base64url"),
      POSTERN_ADMIN_TOKEN: adminToken,
    },
    objects: { POSTERN_SQLITE: "PosternStore" },
  });
  const running = await deployment.start();
  try {
    const accounts: Account[] = [];
    while (accounts.length < USERS) {
      const account = { username: `user${accounts.length}`, password: randomBytes(20).toString("base64url") };
      await addUser(deployment.ports[0] ?? 0, adminToken, account);
      accounts.push(account);
    }
    return { ...deployment, running, accounts, stop: () => running.stop() };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function addUser(port: number, adminToken: string, account: Account): Promise<void> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/admin/users`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ ...account, roles: ["user"] }),
  });
  const text = await body.text();
  if (statusCode !== 201) throw new Error(`users add: ${statusCode} ${text}`);
}
