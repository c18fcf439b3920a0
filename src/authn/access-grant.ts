import type { User } from "../accounts/records.ts";
import type { Session } from "../sessions/session.ts";
import type { AccessGrant } from "../tokens/access-token.ts";

/** What a session's access token says. It never outlives the session. */
export function accessGrant(user: User, session: Session, scopes: readonly string[], issuedAt: number): AccessGrant {
  return {
    sub: user.id,
    name: user.username,
    sid: session.sid,
    clientId: session.clientId,
    issuedAt,
    authTime: session.authTime,
    amr: session.amr,
    roles: user.roles,
    scopes,
    notAfter: session.absoluteEndsAt,
  };
}
