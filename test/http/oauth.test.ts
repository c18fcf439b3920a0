import { beforeAll, expect, test } from "vitest";
import { hashSecret } from "../../src/accounts/client-secret.ts";
import { oauthEndpoints } from "../../src/http/oauth/endpoints.ts";
import { environment, type TestServices, testServices } from "../support/services.ts";

const SECRET = "a secret + with/odd: characters & such";
const HELD = "orders:read orders:write";

let gateway: TestServices;
let call: (path: string, form: Record<string, string> | string, headers?: Record<string, string>) => Promise<Response>;

beforeAll(async () => {
  gateway = await testServices({
    roles: { user: { scopes: ["orders:read", "orders:write"] } },
    clients: { c_reporting: { secretHash: await hashSecret(SECRET), scopes: HELD.split(" ") } },
  });
  const app = oauthEndpoints(gateway.services);
  call = async (path, form, headers = {}) =>
    app.request(
      path,
      {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
        body: typeof form === "string" ? form : new URLSearchParams(form).toString(),
      },
      environment(),
    );
});

const encode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2);
const basic = (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${encode(id)}:${encode(secret)}`)}` });
const reporting = () => basic("c_reporting", SECRET);

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
}
const tokensOf = async (response: Response): Promise<Tokens> => {
  expect(response.status).toBe(200);
  return (await response.json()) as Tokens;
};

async function expectError(response: Response, status: number, error: string): Promise<void> {
  expect({ status: response.status, body: await response.json() }).toEqual({
    status,
    body: { error, error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/) },
  });
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.has("www-authenticate")).toBe(status === 401);
  expect(response.headers.has("retry-after")).toBe(status === 503);
}

test("client_credentials gives a token of the client's own, with its scopes or fewer", async () => {
  const response = await call("/token", { grant_type: "client_credentials" }, reporting());
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  const body = await tokensOf(response);
  expect(body).toEqual({
    access_token: expect.any(String),
    token_type: "Bearer",
    expires_in: expect.any(Number),
    scope: HELD,
  });
  expect(await gateway.services.authenticateToken(body.access_token)).toMatchObject({
    ok: true,
    principal: { sub: "c_reporting", clientId: "c_reporting", sid: null, roles: [], name: null },
  });
  const fewer = await call("/token", { grant_type: "client_credentials", scope: "orders:read" }, reporting());
  expect((await tokensOf(fewer)).scope).toBe("orders:read");
});

test("the secret passes in the body as well", async () => {
  const form = { grant_type: "client_credentials", client_id: "c_reporting", client_secret: SECRET };
  await tokensOf(await call("/token", form));
});

test.each([
  ["more scope than the client has", { scope: "orders:read users:write" }, 400, "invalid_scope"],
  ["a scope that is none", { scope: 'orders"read' }, 400, "invalid_scope"],
  ["no grant type", { grant_type: "" }, 400, "invalid_request"],
  ["the password grant", { grant_type: "password", username: "a", password: "b" }, 400, "unsupported_grant_type"],
  ["the secret in two ways", { client_secret: SECRET }, 400, "invalid_request"],
  ["two clients", { client_id: "c_other" }, 400, "invalid_request"],
])("token: %s is refused", async (_, change, status, error) => {
  await expectError(await call("/token", { grant_type: "client_credentials", ...change }, reporting()), status, error);
});

test.each([
  ["a wrong secret", basic("c_reporting", "wrong")],
  ["an unknown client", basic("c_nobody", SECRET)],
  ["a name of every object", basic("constructor", SECRET)],
  ["a client without its secret", { authorization: `Basic ${btoa("c_reporting:")}` }],
  ["the public client with a secret", basic("postern", "")],
  ["a bearer token", { authorization: "Bearer abc" }],
  ["Basic that is no base64", { authorization: "Basic ***" }],
  ["nobody at all", {}],
])("token: %s is invalid_client", async (_, headers) => {
  await expectError(await call("/token", { grant_type: "client_credentials" }, headers), 401, "invalid_client");
});

test("the built-in public client gets no token of its own", async () => {
  const form = { grant_type: "client_credentials", client_id: "postern" };
  await expectError(await call("/token", form), 400, "unauthorized_client");
});

test.each([
  ["a parameter twice", "grant_type=client_credentials&grant_type=client_credentials", {}],
  ["JSON", '{"grant_type":"client_credentials"}', { "content-type": "application/json" }],
])("token: %s is invalid_request", async (_, body, headers) => {
  await expectError(await call("/token", body, { ...reporting(), ...headers }), 400, "invalid_request");
});

test("a body past the bound is not read to its end", async () => {
  const body = `grant_type=client_credentials&x=${"x".repeat(gateway.services.config.maxBody)}`;
  await expectError(await call("/token", body, reporting()), 413, "invalid_request");
});

test("clients made by command log in, and end with their tokens when they are removed", async () => {
  const origin = { actor: "cli", address: null };
  const client = { id: "c_made", name: "made", secretHash: await hashSecret("secret"), scopes: ["orders:read"] };
  await gateway.services.store.createClient({ client, origin });
  const form = { grant_type: "client_credentials" };
  const { access_token } = await tokensOf(await call("/token", form, basic("c_made", "secret")));
  await gateway.services.store.removeClient({ clientId: "c_made", origin });
  await gateway.services.catchUp();
  expect(await gateway.services.authenticateToken(access_token)).toMatchObject({ ok: false });
  await expectError(await call("/token", form, basic("c_made", "secret")), 401, "invalid_client");
});

test("refresh_token renews a session whose token travels in the body, and can't widen", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const refresh = (more: Record<string, string> = {}) => {
    const form = { grant_type: "refresh_token", client_id: "postern", refresh_token: session.refreshToken, ...more };
    return call("/token", form);
  };
  await expectError(await refresh({ scope: "orders:read users:write" }), 400, "invalid_scope");
  expect((await tokensOf(await refresh({ scope: "orders:read" }))).scope).toBe("orders:read");
  const renewed = await tokensOf(await refresh());
  expect(renewed.scope).toBe(HELD);
  expect(await gateway.services.authenticateToken(renewed.access_token)).toMatchObject({ ok: true });
  await expectError(await refresh({ refresh_token: renewed.access_token }), 400, "invalid_grant");
  await expectError(await refresh({ refresh_token: "" }), 400, "invalid_request");
  expect(await gateway.services.authenticateToken(renewed.refresh_token)).toMatchObject({ ok: false });
});

test("a superseded refresh token is invalid_grant and ends the session", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const refresh = (token: string) =>
    call("/token", { grant_type: "refresh_token", client_id: "postern", refresh_token: token });
  const { grace } = gateway.services.config.sessions;
  gateway.advance(grace + 1);
  const first = await tokensOf(await refresh(session.refreshToken));
  expect(first.refresh_token).not.toBe(session.refreshToken);
  gateway.advance(grace + 1);
  await expectError(await refresh(session.refreshToken), 400, "invalid_grant");
  await expectError(await refresh(first.refresh_token), 400, "invalid_grant");
  expect(await gateway.services.authenticateToken(first.access_token)).toMatchObject({ ok: false });
});

test("a cookie session's token is refused here, and nothing changes", async () => {
  const session = await gateway.logIn({ channel: "cookie" });
  const before = await gateway.services.store.session(session);
  const form = { grant_type: "refresh_token", client_id: "postern", refresh_token: session.refreshToken };
  await expectError(await call("/token", form), 400, "invalid_request");
  expect(await gateway.services.store.session(session)).toEqual(before);
});

test("another client cannot use a person's refresh token", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const form = { grant_type: "refresh_token", refresh_token: session.refreshToken };
  await expectError(await call("/token", form, reporting()), 400, "unauthorized_client");
});

test("revoking a refresh token ends the session and its access tokens, whatever the hint", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const form = { token: session.refreshToken, token_type_hint: "access_token", client_id: "postern" };
  for (let time = 0; time < 2; time++) {
    const response = await call("/revoke", form);
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: "" });
  }
  expect(await gateway.services.authenticateToken(session.accessToken)).toMatchObject({ ok: false });
  expect(await gateway.services.store.session(session)).toBeNull();
});

test("revoking an access token ends it alone", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const form = { token: session.accessToken, token_type_hint: "refresh_token", client_id: "postern" };
  expect((await call("/revoke", form)).status).toBe(200);
  expect(await gateway.services.authenticateToken(session.accessToken)).toMatchObject({ ok: false });
  expect(await gateway.services.store.session(session)).not.toBeNull();
});

test("another client's tokens stay live", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const mine = await tokensOf(await call("/token", { grant_type: "client_credentials" }, reporting()));
  for (const token of [session.accessToken, session.refreshToken]) {
    expect((await call("/revoke", { token }, reporting())).status).toBe(200);
  }
  expect((await call("/revoke", { token: mine.access_token, client_id: "postern" })).status).toBe(200);
  expect(await gateway.services.authenticateToken(session.accessToken)).toMatchObject({ ok: true });
  expect(await gateway.services.store.session(session)).not.toBeNull();
  expect(await gateway.services.authenticateToken(mine.access_token)).toMatchObject({ ok: true });
});

test("a refresh token made with a leaked secret alone ends nothing", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const real = await gateway.services.refreshTokens.decode(session.refreshToken);
  if (real === null) throw new Error("no refresh token");
  const forged = await gateway.services.refreshTokens.encode({ ...real, r: "A".repeat(22) });
  expect((await call("/revoke", { token: forged, client_id: "postern" })).status).toBe(200);
  expect(await gateway.services.store.session(session)).not.toBeNull();
});

test.each(["garbage", "a.b.c", "prt1.b.x.y.z"])("revoking %s is 200", async (token) => {
  expect((await call("/revoke", { token, client_id: "postern" })).status).toBe(200);
});

test("revocation needs a client and a token", async () => {
  await expectError(await call("/revoke", { token: "x" }), 401, "invalid_client");
  await expectError(await call("/revoke", { token: "x" }, basic("c_reporting", "wrong")), 401, "invalid_client");
  await expectError(await call("/revoke", { client_id: "postern" }), 400, "invalid_request");
});

test("introspection tells a client what an access token is", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const response = await call(
    "/introspect",
    { token: session.accessToken, token_type_hint: "refresh_token" },
    reporting(),
  );
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toEqual({
    active: true,
    iss: gateway.services.config.issuer,
    sub: session.sub,
    aud: gateway.services.config.audience,
    client_id: "postern",
    username: "alice",
    scope: HELD,
    token_type: "Bearer",
    exp: expect.any(Number),
    iat: expect.any(Number),
    auth_time: expect.any(Number),
    jti: expect.any(String),
    sid: session.sid,
    roles: ["user"],
  });
});

test("whatever is not an active access token is exactly inactive", async () => {
  const session = await gateway.logIn({ channel: "body" });
  await call("/revoke", { token: session.accessToken, client_id: "postern" });
  for (const token of ["garbage", session.accessToken, session.refreshToken, `${session.accessToken}A`]) {
    const response = await call("/introspect", { token }, reporting());
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: '{"active":false}' });
  }
});

test("introspection needs a client with a secret", async () => {
  await expectError(await call("/introspect", { token: "x" }), 401, "invalid_client");
  await expectError(await call("/introspect", { token: "x", client_id: "postern" }), 401, "invalid_client");
  await expectError(await call("/introspect", {}, reporting()), 400, "invalid_request");
});

test("only POST is understood, and nothing else is there", async () => {
  const app = oauthEndpoints(gateway.services);
  for (const path of ["/token", "/revoke", "/introspect"]) {
    const response = await app.request(`${path}?token=x`);
    expect(response.headers.get("allow")).toBe("POST");
    await expectError(response, 405, "invalid_request");
  }
  await expectError(await app.request("/authorize"), 404, "invalid_request");
});

test("a store that is down is 503, and what was shown stays good", async () => {
  const session = await gateway.logIn({ channel: "body" });
  const other = await gateway.logIn({ channel: "body" });
  await gateway.withoutStore(async () => {
    const refresh = { grant_type: "refresh_token", client_id: "postern", refresh_token: session.refreshToken };
    await expectError(await call("/token", refresh), 503, "temporarily_unavailable");
    await expectError(
      await call("/token", { grant_type: "client_credentials" }, reporting()),
      503,
      "temporarily_unavailable",
    );
    const stored = basic("c_not_configured", "secret");
    const own = { grant_type: "client_credentials" };
    await expectError(await call("/token", own, stored), 503, "temporarily_unavailable");
    for (const token of [other.refreshToken, other.accessToken]) {
      await expectError(await call("/revoke", { token, client_id: "postern" }), 503, "temporarily_unavailable");
    }
  });
  const form = { grant_type: "refresh_token", client_id: "postern", refresh_token: session.refreshToken };
  await tokensOf(await call("/token", form));
  expect(await gateway.services.authenticateToken(other.accessToken)).toMatchObject({ ok: true });
});
