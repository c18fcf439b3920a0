import { PROBLEMS } from "../../protocol/errors.ts";
import { BUILT_IN_CLIENT } from "../../protocol/names.ts";
import type { RefreshToken } from "../../sessions/refresh-token.ts";
import type { Origin } from "../../stores/store.ts";
import { isIssued } from "../issued-token.ts";
import type { Services } from "../services.ts";
import type { OAuthClient } from "./client.ts";
import { OAuthError } from "./oauth-error.ts";

/**
 * RFC 7009: ends a token of the calling client. A refresh token takes its session and all tokens of the session along; an
 * access token goes alone. What is unknown, expired or another client's changes nothing and is no error. Both kinds are
 * tried whatever the hint says: their forms differ.
 */
export async function revokeToken(
  services: Services,
  client: OAuthClient,
  token: string,
  origin: Origin,
): Promise<void> {
  const refresh = await services.refreshTokens.decode(token);
  if (refresh !== null) return revokeSession(services, client, refresh, origin);
  const authenticated = await services.authenticateToken(token);
  if (!authenticated.ok) {
    const { status, title } = PROBLEMS[authenticated.problem.code];
    if (status === 503) throw new OAuthError("temporarily_unavailable", title);
    return;
  }
  const { principal } = authenticated;
  if (principal.clientId !== client.id) return;
  await services.store.revoke({
    target: { kind: "token", jti: principal.jti },
    sub: null,
    reason: "revoked",
    note: null,
    dryRun: false,
    origin,
  });
  await services.catchUp();
}

async function revokeSession(
  services: Services,
  client: OAuthClient,
  token: RefreshToken,
  origin: Origin,
): Promise<void> {
  if (client.id !== BUILT_IN_CLIENT || !(await isIssued(services, token))) return;
  const { sub, sid } = token;
  await services.store.endSession({ sub, sid, reason: "logout", origin: { ...origin, actor: sub } });
  await services.catchUp();
}
