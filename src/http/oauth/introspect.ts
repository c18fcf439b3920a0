import { PROBLEMS } from "../../protocol/errors.ts";
import type { Services } from "../services.ts";
import { OAuthError } from "./oauth-error.ts";

/** RFC 7662 §2.2. Times in seconds since 1970. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly iss: string;
      readonly sub: string;
      readonly aud: string;
      readonly client_id: string;
      readonly username?: string;
      readonly scope: string;
      readonly token_type: "Bearer";
      readonly exp: number;
      readonly iat: number;
      readonly jti: string;
      readonly sid?: string;
      readonly auth_time?: number;
      readonly roles?: readonly string[];
    };

/**
 * RFC 7662, for access tokens: an authenticated client asks as the resource server that was shown one. Refresh tokens belong
 * to the public client, which cannot authenticate, so they are nobody's here and never active.
 */
export async function introspectToken(services: Services, token: string): Promise<Introspection> {
  if (services.viewProblem(false) !== null) {
    throw new OAuthError("temporarily_unavailable", "the revocations are not known here at present");
  }
  const authenticated = await services.authenticateToken(token);
  if (!authenticated.ok) {
    const { status, title } = PROBLEMS[authenticated.problem.code];
    if (status === 503) throw new OAuthError("temporarily_unavailable", title);
    return { active: false };
  }
  const { principal } = authenticated;
  return {
    active: true,
    iss: services.config.issuer,
    sub: principal.sub,
    aud: services.config.audience,
    client_id: principal.clientId,
    ...(principal.name === null ? {} : { username: principal.name }),
    scope: principal.scopes.join(" "),
    token_type: "Bearer",
    exp: principal.exp,
    iat: Math.floor(principal.issuedAt / 1000),
    jti: principal.jti,
    ...(principal.sid === null ? {} : { sid: principal.sid, roles: principal.roles }),
    ...(principal.authTime === null ? {} : { auth_time: principal.authTime }),
  };
}
