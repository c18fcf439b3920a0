import { fileURLToPath } from "node:url";
import type { Contender, Ground } from "../contender.ts";
import { startEdgePostern } from "../edge-postern.ts";
import { ISSUER, USERS } from "../issuer.ts";
import { packageVersion } from "../machine.ts";
import { logIn } from "../postern-client.ts";
import { REDIS_MISSING, startRedis } from "../redis-server.ts";
import { deployWorker, type WorkerDeployment } from "../workerd.ts";

const ours = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));

interface Variant {
  readonly name: string;
  readonly label: string;
  readonly file: string;
  readonly authenticates: boolean;
}

const deploy = (
  ground: Ground,
  { name, file }: Pick<Variant, "name" | "file">,
  env: Readonly<Record<string, string>> = {},
  isolates = 1,
): Promise<WorkerDeployment> =>
  deployWorker(ground, {
    ...{ name, entry: ours(file), isolates },
    bindings: {
      UPSTREAM: `http://127.0.0.1:${ground.upstreamPort}`,
      ISSUER,
      PUBLIC_JWK: JSON.stringify(ground.es256.publicJwk),
      ...env,
    },
  });

async function startWorker(variant: Variant, ground: Ground, env: Readonly<Record<string, string>> = {}) {
  const { ports, start } = await deploy(ground, variant, env);
  const { authenticates } = variant;
  const { pid, stop } = await start();
  return { pid, port: ports[0] ?? 0, users: authenticates ? await ground.es256.tokens(USERS) : null, stop };
}

const worker = (variant: Variant): Contender => ({
  ...{ name: variant.name, label: variant.label, missing: null },
  start: (ground) => startWorker(variant, ground),
});

const withRedis = (variant: Variant): Contender => ({
  ...{ name: variant.name, label: variant.label, missing: REDIS_MISSING },
  async start(ground) {
    const redis = await startRedis(ground.folder, { durable: false });
    const standing = await startWorker(variant, ground, { REDIS: String(redis.port) });
    return {
      ...standing,
      async stop() {
        await standing.stop();
        await redis.stop();
      },
    };
  },
});

const stack = `Hono ${packageVersion("hono")} + hono/jwt`;
const bare = {
  name: "edge-bare",
  label: "bare Worker, fetch only, no auth",
  file: "servers/edge-bare.ts",
  authenticates: false,
};
const hono = { file: "peers/edge-hono.js", authenticates: true };

export const edgeBare = worker(bare);
export const deployBare = (ground: Ground, isolates: number): Promise<WorkerDeployment> =>
  deploy(ground, bare, {}, isolates);
export const edgeHono = worker({ name: "edge-hono", label: `${stack} + fetch`, ...hono });
export const edgeHonoRedis = withRedis({
  ...{ name: "edge-hono-redis", label: `${stack} + Redis EXISTS (cloudflare:sockets) + fetch`, ...hono },
});

/** With its store in a Durable Object, whose CPU time counts. */
export const edgePostern: Contender = {
  ...{ name: "postern", label: "Postern, store in a Durable Object", missing: null },
  async start(ground) {
    const { running, ports, stop, accounts } = await startEdgePostern(ground);
    const [port = 0] = ports;
    const logins: string[] = [];
    for (const account of accounts) logins.push((await logIn(port, account)).access);
    return { pid: running.pid, port, users: logins, stop };
  },
};
