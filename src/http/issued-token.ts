import type { RefreshToken } from "../sessions/refresh-token.ts";
import type { Services } from "./services.ts";

/**
 * Whether a refresh token may end the session that it names. Our mac alone does not prove that it was ever issued: whoever has
 * only the secret does not know the random part. Of a session that is gone nothing is left to compare with, nor to end.
 */
export async function isIssued({ store, refreshTokens }: Services, token: RefreshToken): Promise<boolean> {
  const session = await store.session({ sub: token.sub, sid: token.sid });
  return session === null || session.rHash === (await refreshTokens.hashOf(token.r));
}
