import type { Ground } from "./contender.ts";
import { USERS } from "./issuer.ts";
import { type Mint, mintOn } from "./minting.ts";
import { type Account, addUsers } from "./postern-client.ts";
import { type Deployment, type Gateway, type GatewayOptions, PosternGateways } from "./postern-gateways.ts";
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
    const accounts = await addUsers(USERS, other.operations, gateways.adminToken);
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
