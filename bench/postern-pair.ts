import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ground } from "./contender.ts";
import { USERS } from "./issuer.ts";
import type { Account, ServiceClient } from "./postern-client.ts";
import { freePort, type Program, type Running, startListening } from "./processes.ts";

const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

type Gateway = Running & { readonly port: number };

/** Two gateways on one embedded store: the one that is measured, and one on the other core that issues tokens and takes logouts. */
export interface PosternPair {
  readonly measured: Gateway;
  readonly other: Gateway;
  readonly accounts: readonly Account[];
  readonly service: ServiceClient;
  stop(): Promise<void>;
}

/** `grace` as the configuration has it, where not the default. */
export async function startPair(ground: Ground, grace = "15s"): Promise<PosternPair> {
  const folder = mkdtempSync(join(ground.folder, "postern-"));
  const env = { POSTERN_SECRET: randomBytes(32).toString("base64url"), NODE_ENV: "production" };
  const service = { id: "c_bench", secret: randomBytes(32).toString("base64url") };
  const started: Running[] = [];
  const stop = async () => {
    for (const running of started) await running.stop();
  };
  try {
    const issuer = `http://127.0.0.1:${await freePort()}`;
    const serve = async (name: string, core: Program["core"]): Promise<Gateway & { readonly file: string }> => {
      const port = await freePort();
      const operations = { listen: `127.0.0.1:${await freePort()}` };
      const listeners = { listen: `127.0.0.1:${port}`, operations };
      const file = join(folder, `${name}.config.json`);
      writeFileSync(file, JSON.stringify({ issuer, ...listeners, ...shared(folder, ground, service, grace) }));
      const profiling =
        core === "contender" && ground.profile !== null ? ["--cpu-prof", `--cpu-prof-dir=${ground.profile}`] : [];
      const args = [...profiling, MAIN, "serve", "--config", file];
      const running = await startListening({ name, command: process.execPath, args, env, core, folder }, port);
      started.push(running);
      return { ...running, port, file };
    };
    const measured = await serve("postern", "contender");
    const other = await serve("postern-other", "rest");
    const accounts: Account[] = [];
    while (accounts.length < USERS) {
      const account = { username: `user${accounts.length}`, password: randomBytes(20).toString("base64url") };
      await addUser(other.file, account, { folder, env });
      accounts.push(account);
    }
    return { measured, other, accounts, service, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Everything that matters for speed is left as it is by default; tokens live long enough for all the rounds of a row. */
const shared = (folder: string, { upstreamPort }: Ground, service: ServiceClient, grace: string) => ({
  store: `sqlite:${join(folder, "postern.db")}`,
  tokens: { access: { ttl: "1h" }, refresh: { grace } },
  roles: { user: { scopes: ["orders:read", "orders:write"] } },
  clients: {
    [service.id]: {
      secretHash: `sha256:${createHash("sha256").update(service.secret).digest("base64url")}`,
      scopes: ["orders:read", "orders:write"],
    },
  },
  upstreams: { orders: { targets: [`http://127.0.0.1:${upstreamPort}`] } },
  routes: [
    { path: "/api/orders/*", upstream: "orders", access: { scopes: ["orders:read"] } },
    { path: "/*", upstream: "orders", access: "public" },
  ],
});

async function addUser(
  config: string,
  { username, password }: Account,
  { folder, env }: { readonly folder: string; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
  const args = [MAIN, "users", "add", username, "--role", "user", "--password-stdin", "--config", config];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(`${password}\n`);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`users add ended with ${code}`);
}
