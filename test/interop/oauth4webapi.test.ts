import * as oauth from "oauth4webapi";
import { beforeAll, describe, expect, test } from "vitest";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { serviceClient } from "../support/service-client.ts";
import { type GatewayBehindTls, startGatewayBehindTls } from "./behind-tls.ts";

// A client library that nobody here wrote, at its strict defaults: https, exact media types, no tolerance.
describe("oauth4webapi", () => {
  const service = serviceClient(["orders:read", "orders:write"]);
  const person: oauth.Client = { client_id: "postern" };
  const client: oauth.Client = { client_id: service.id };
  const auth = oauth.ClientSecretBasic(service.secret);
  let behind: GatewayBehindTls;
  let options: { [oauth.customFetch]: GatewayBehindTls["fetch"] };
  let server: oauth.AuthorizationServer;

  beforeAll(async () => {
    behind = await startGatewayBehindTls({ roles: ROLES, clients: service.config });
    await behind.gateway.addUser(ALICE.name, ALICE.password, ["user"]);
    options = { [oauth.customFetch]: behind.fetch };
    server = await discover();
  });

  async function discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(behind.issuer);
    const response = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...options });
    return oauth.processDiscoveryResponse(issuer, response);
  }

  async function login(): Promise<LoginAnswer> {
    const browser = new Browser(behind.issuer, { ca: behind.ca });
    const answer = await browser.login(ALICE.name, ALICE.password, { refresh: "body" });
    expect(answer.status).toBe(200);
    return answer.json<LoginAnswer>();
  }

  async function clientToken(scope?: string): Promise<oauth.TokenEndpointResponse> {
    const parameters = new URLSearchParams(scope === undefined ? {} : { scope });
    const response = await oauth.clientCredentialsGrantRequest(server, client, auth, parameters, options);
    return oauth.processClientCredentialsResponse(server, client, response);
  }

  async function refresh(token: string): Promise<oauth.TokenEndpointResponse> {
    const response = await oauth.refreshTokenGrantRequest(server, person, oauth.None(), token, options);
    return oauth.processRefreshTokenResponse(server, person, response);
  }

  async function introspect(token: string): Promise<oauth.IntrospectionResponse> {
    const response = await oauth.introspectionRequest(server, client, auth, token, options);
    return oauth.processIntrospectionResponse(server, client, response);
  }

  function validate(token: string): Promise<oauth.JWTAccessTokenClaims> {
    const request = new Request(`${behind.issuer}/orders`, { headers: { authorization: `Bearer ${token}` } });
    return oauth.validateJwtAccessToken(server, request, behind.issuer, options);
  }

  test("metadata is found at the issuer and names the endpoints", () => {
    expect(server.issuer).toBe(behind.issuer);
    expect(server).toMatchObject({
      token_endpoint: `${behind.issuer}/oauth/token`,
      revocation_endpoint: `${behind.issuer}/oauth/revoke`,
      introspection_endpoint: `${behind.issuer}/oauth/introspect`,
      jwks_uri: `${behind.issuer}/.well-known/jwks.json`,
    });
    expect(server.grant_types_supported).toEqual(expect.arrayContaining(["client_credentials", "refresh_token"]));
  });

  test("client_credentials gives a token in the RFC 9068 profile, narrowed as asked", async () => {
    const all = await clientToken();
    expect(all.refresh_token).toBeUndefined();
    const narrowed = await clientToken("orders:read");
    const claims = await validate(narrowed.access_token);
    expect(claims).toMatchObject({ client_id: service.id, sub: service.id, scope: "orders:read" });
  });

  test("a scope that the client does not have is refused by name", async () => {
    await expect(clientToken("orders:read users:delete")).rejects.toMatchObject({ error: "invalid_scope" });
  });

  test("a wrong secret is refused by name", async () => {
    const wrong = oauth.ClientSecretBasic("not-the-secret-of-this-client");
    const response = await oauth.clientCredentialsGrantRequest(server, client, wrong, {}, options);
    // RFC 6749 §5.2: 401 with a challenge, which the library reports as such.
    await expect(oauth.processClientCredentialsResponse(server, client, response)).rejects.toMatchObject({
      name: "WWWAuthenticateChallengeError",
      status: 401,
    });
  });

  test("refresh_token renews a session whose token travels in the body", async () => {
    const first = await login();
    const renewed = await refresh(first.refresh_token ?? "");
    expect(renewed.token_type).toBe("bearer");
    expect(renewed.refresh_token).toEqual(expect.any(String));
    const claims = await validate(renewed.access_token);
    expect(claims).toMatchObject({ sub: first.user.id, client_id: "postern", sid: first.session_id });
  });

  test("introspection knows a live token and a stranger's", async () => {
    const { access_token: token } = await clientToken();
    expect(await introspect(token)).toMatchObject({ active: true, client_id: service.id });
    expect(await introspect("no.such.token")).toEqual({ active: false });
  });

  test("revoking a refresh token ends the session and its access token", async () => {
    const { access_token: access, refresh_token: token = "" } = await login();
    expect(await introspect(access)).toMatchObject({ active: true });
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, person, oauth.None(), token, options));
    expect(await introspect(access)).toEqual({ active: false });
    await expect(refresh(token)).rejects.toMatchObject({ error: "invalid_grant" });
  });

  test("revoking an access token ends that token alone", async () => {
    const [one, two] = [await clientToken(), await clientToken()];
    const response = await oauth.revocationRequest(server, client, auth, one.access_token, options);
    await oauth.processRevocationResponse(response);
    expect(await introspect(one.access_token)).toEqual({ active: false });
    expect(await introspect(two.access_token)).toMatchObject({ active: true });
  });
});
