import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Ground } from "./contender.ts";
import { USERS } from "./issuer.ts";
import { type Mint, mintOn } from "./minting.ts";
import type { Account } from "./postern-client.ts";
import { type Deployment, type Gateway, type GatewayOptions, MAIN, PosternGateways } from "./postern-gateways.ts";
import { Seeding } from "./seeding.ts";

/** A user has a hundred sessions at most. */
const SEEDED_USERS = 200;

/** Two gateways on one store: the one that is measured, and one on the other core that takes logins and logouts. */
export interface PosternPair {
  readonly measured: Gateway;
  readonly other: Gateway;
  readonly accounts: readonly Account[];
  /** Access tokens, signed with the store's key. */
  readonly mint: Mint;
  /** Refresh tokens of as many new sessions, of users that have no password. */
  refreshTokens(count: number): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function startPair(
  ground: Ground,
  deployment: Deployment = {},
  options: Omit<GatewayOptions, "core"> = {},
): Promise<PosternPair> {
  const gateways = await PosternGateways.on(ground, deployment);
  try {
    const measured = await gateways.start({ core: "contender", ...options });
    const other = await gateways.start({ core: "rest" });
    const accounts: Account[] = [];
    while (accounts.length < USERS) {
      const account = { username: `user${accounts.length}`, password: randomBytes(20).toString("base64url") };
      await addUser(other.file, account, gateways);
      accounts.push(account);
    }
    const seeding = await Seeding.on(gateways);
    const mint = await mintOn(seeding.store, gateways);
    return {
      ...{ measured, other, accounts, mint },
      refreshTokens: async (count) => seeding.refreshTokens(count, await seeding.users(SEEDED_USERS)),
      async stop() {
        await seeding.close();
        await gateways.stop();
      },
    };
  } catch (error) {
    await gateways.stop();
    throw error;
  }
}

async function addUser(
  config: string,
  { username, password }: Account,
  { folder, env }: Pick<PosternGateways, "folder" | "env">,
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
