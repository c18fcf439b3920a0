import type { StoreAddress } from "../../src/config/config.ts";
import { createSecretRing } from "../../src/keys/secrets.ts";
import { newId, randomId } from "../../src/lib/ids.ts";
import { openStore } from "../../src/runtime/node/open-store.ts";
import { clientContext } from "../../src/sessions/client-context.ts";
import { createRefreshTokens } from "../../src/sessions/refresh-token-codec.ts";

/** How long ago the logins were. */
const AGE = 60_000;
const DAY = 24 * 60 * 60 * 1000;
const USER_AGENT = "curl/8.0";

export interface SeededSession {
  readonly sub: string;
  readonly sid: string;
  /** The first refresh token, for the body; a minute old, so that a default grace has passed. */
  readonly refreshToken: string;
}

/**
 * Logs a user in so many times, a minute ago, on a store that no gateway has opened yet: no test waits for a grace to pass, nor
 * for passwords to be hashed. The user has no password.
 */
export async function seedSessions(
  address: StoreAddress,
  secret: string,
  count: number,
): Promise<readonly SeededSession[]> {
  const refreshTokens = createRefreshTokens(await createSecretRing({ secret, previous: null }));
  const clockOffset = new BigInt64Array(new SharedArrayBuffer(8));
  clockOffset[0] = BigInt(-AGE);
  const store = await openStore(address, { timeout: 10_000, clockOffset });
  const origin = { actor: "test", address: null };
  const sub = newId("u");
  const user = { id: sub, username: "seeded", usernameKey: "seeded", passwordHash: null, roles: ["user"] };
  await store.createUser({ user, origin });
  const limits = { idle: DAY, absolute: DAY, grace: 1000, maxPerUser: count };
  const login = async (): Promise<SeededSession> => {
    const [sid, r] = [newId("s"), randomId()];
    const { secretId } = refreshTokens;
    const [rHash, context] = [await refreshTokens.hashOf(r), clientContext(USER_AGENT)];
    const device = { context, address: "127.0.0.1", userAgent: USER_AGENT };
    const session = { sid, sub, clientId: "postern", channel: "body", amr: ["pwd"], scopes: null } as const;
    await store.createSession({
      session: { ...session, ...device, rHash, secretId },
      ...{ limits, expectedHash: null, replace: null, origin },
    });
    return {
      sub,
      sid,
      refreshToken: await refreshTokens.encode({ channel: "body", secretId, sub, sid, generation: 0, r }),
    };
  };
  const sessions = await Promise.all(Array.from({ length: count }, login));
  await store.close();
  return sessions;
}
