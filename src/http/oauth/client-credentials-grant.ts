import type { Services } from "../services.ts";
import { findClient, type OAuthClient } from "./client.ts";
import { type Form, requestedScopes } from "./form.ts";
import { OAuthError } from "./oauth-error.ts";
import type { TokenResponse } from "./token-response.ts";

/** RFC 6749 §4.4: a service gets a token of its own, with its own scopes or fewer. */
export async function clientCredentialsGrant(
  services: Services,
  client: OAuthClient,
  form: Form,
): Promise<TokenResponse> {
  if (client.kind === "public") {
    throw new OAuthError("unauthorized_client", "this grant is for clients with a secret");
  }
  const asked = requestedScopes(form);
  if (asked?.some((scope) => !client.scopes.includes(scope))) {
    throw new OAuthError("invalid_scope", "the client does not have every scope that was asked for");
  }
  const issuedAt = await services.store.clientIssueTime({ clientId: client.id });
  // Looked up again after the time of issue: a removal before it is seen here, one after it revokes this token.
  if ((await findClient(services, client.id)) === null) {
    throw new OAuthError("invalid_client", "client authentication failed");
  }
  const scopes = asked ?? client.scopes;
  const { token, expiresIn } = await services.accessTokens.issue({
    sub: client.id,
    name: null,
    sid: null,
    clientId: client.id,
    issuedAt,
    authTime: null,
    amr: [],
    roles: [],
    scopes,
    notAfter: null,
  });
  return { access_token: token, token_type: "Bearer", expires_in: expiresIn, scope: scopes.join(" ") };
}
