import { PROBLEMS, type Problem } from "../../protocol/errors.ts";
import { BUILT_IN_CLIENT } from "../../protocol/names.ts";
import type { Services } from "../services.ts";
import type { OAuthClient } from "./client.ts";
import { type Form, requestedScopes, required } from "./form.ts";
import { OAuthError } from "./oauth-error.ts";
import type { TokenResponse } from "./token-response.ts";

/** RFC 6749 §6, for sessions whose refresh token travels in the body. */
export async function refreshGrant(
  services: Services,
  client: OAuthClient,
  form: Form,
  from: { readonly address: string; readonly userAgent: string },
): Promise<TokenResponse> {
  if (client.id !== BUILT_IN_CLIENT) {
    throw new OAuthError("unauthorized_client", "people log in through another client");
  }
  const token = await services.refreshTokens.decode(required(form, "refresh_token"));
  if (token === null) throw new OAuthError("invalid_grant", "the refresh token is not valid");
  if (token.channel === "cookie") {
    throw new OAuthError("invalid_request", "this refresh token is good only in its cookie");
  }
  const renewal = await services.renew(token, { ...from, scopes: requestedScopes(form), rotate: true });
  if (!renewal.ok) throw asGrantError(renewal.problem);
  return {
    access_token: renewal.access.token,
    token_type: "Bearer",
    expires_in: renewal.access.expiresIn,
    refresh_token: renewal.refreshToken,
    scope: renewal.scopes.join(" "),
  };
}

function asGrantError(problem: Problem): OAuthError {
  const { status, title } = PROBLEMS[problem.code];
  if (status === 503) return new OAuthError("temporarily_unavailable", title);
  if (problem.code === "insufficient_scope") {
    return new OAuthError("invalid_scope", "the session does not have every scope that was asked for");
  }
  return new OAuthError("invalid_grant", title);
}
