import { type Context, Hono } from "hono";
import { readBytes } from "../body.ts";
import { type PosternEnv, userAgentOf } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { jsonResponse, setHeader } from "../text-response.ts";
import { headerOf } from "../whole-request.ts";
import type { OAuthClient } from "./client.ts";
import { authenticateClient } from "./client-authentication.ts";
import { clientCredentialsGrant } from "./client-credentials-grant.ts";
import { type Form, parseForm, required } from "./form.ts";
import { introspectToken } from "./introspect.ts";
import { asOAuthError, OAuthError, oauthErrorResponse } from "./oauth-error.ts";
import { refreshGrant } from "./refresh-grant.ts";
import { revokeToken } from "./revoke.ts";
import type { TokenResponse } from "./token-response.ts";

type OAuthContext = Context<PosternEnv>;

/** `token`, `revoke` and `introspect`, to be mounted at `paths.oauth`. */
export function oauthEndpoints(services: Services): Hono<PosternEnv> {
  const app = new Hono<PosternEnv>();

  app.onError((error) => {
    const known = asOAuthError(error);
    if (known !== null) return oauthErrorResponse(known);
    services.observe({ kind: "internal_error", where: "oauth", message: error.message });
    return oauthErrorResponse(new OAuthError("server_error", "something went wrong inside the gateway"));
  });
  app.use(async (c, next) => {
    await next();
    setHeader(c.res, "Cache-Control", "no-store");
    setHeader(c.res, "Pragma", "no-cache");
  });

  app.post("/token", async (c) => {
    const { client, form } = await readRequest(services, c);
    return jsonResponse(await grant(services, c, client, form));
  });
  app.post("/revoke", async (c) => {
    const { client, form } = await readRequest(services, c);
    const origin = { actor: client.id, address: c.env.address };
    await revokeToken(services, client, required(form, "token"), origin);
    return c.body(null, 200);
  });
  app.post("/introspect", async (c) => {
    const { client, form } = await readRequest(services, c);
    if (client.kind === "public") throw new OAuthError("invalid_client", "introspection needs a client with a secret");
    return jsonResponse(await introspectToken(services, required(form, "token")));
  });
  for (const path of ["/token", "/revoke", "/introspect"]) {
    app.all(path, () => {
      throw new OAuthError("invalid_request", "only POST is understood here", { status: 405, allow: "POST" });
    });
  }
  app.all("*", () => {
    throw new OAuthError("invalid_request", "there is no such endpoint", { status: 404 });
  });
  return app;
}

async function readRequest(services: Services, c: OAuthContext): Promise<{ client: OAuthClient; form: Form }> {
  const body = await readBytes(c.req.raw, services.config.maxBody);
  if (body === null) throw new OAuthError("invalid_request", "the body is too large", { status: 413 });
  const form = parseForm(headerOf(c.req.raw, "content-type") ?? undefined, body);
  return { client: await authenticateClient(services, headerOf(c.req.raw, "authorization") ?? undefined, form), form };
}

/** There is no `password` grant: people log in at `/auth/login` (RFC 9700 §2.4). */
function grant(services: Services, c: OAuthContext, client: OAuthClient, form: Form): Promise<TokenResponse> {
  const type = required(form, "grant_type");
  switch (type) {
    case "client_credentials":
      return clientCredentialsGrant(services, client, form);
    case "refresh_token":
      return refreshGrant(services, client, form, { address: c.env.address, userAgent: userAgentOf(c.req.raw) });
    default:
      throw new OAuthError("unsupported_grant_type", "only client_credentials and refresh_token are supported");
  }
}
