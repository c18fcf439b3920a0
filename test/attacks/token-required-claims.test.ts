// The attacker has a token that says too little, so that what is missing is taken for "anybody" or "everything"; or one that says
// what only another kind of token may say.
// SECURITY: AT8 (RFC 9068 §2.2), and docs/http.md: the claims of an access token.
import { expect, test } from "vitest";
import { serviceClient } from "../support/service-client.ts";
import { forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

const service = serviceClient(["orders:read"]);
const { subject, forge } = await forgingGateway({ clients: service.config });
const token = await freshToken(subject);

test("a token that is issued to a person has every claim", () => {
  const { header, claims } = readToken(token);
  expect(header).toEqual({ alg: "ES256", kid: forge.kid, typ: "at+jwt" });
  expect(claims).toEqual({
    iss: subject.config.issuer,
    sub: subject.alice,
    aud: subject.config.audience,
    exp: expect.any(Number),
    iat: expect.any(Number),
    jti: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    client_id: "postern",
    scope: "orders:read",
    sid: expect.stringMatching(/^s_/),
    preferred_username: "alice",
    auth_time: expect.any(Number),
    amr: ["pwd"],
    roles: ["user"],
  });
});

test("a token that is issued to a service says nothing about a person", async () => {
  const form = { grant_type: "client_credentials", client_id: service.id, client_secret: service.secret };
  const answer = await subject.browser().fetch("/oauth/token", { form });
  const issued = answer.json<{ access_token: string }>().access_token;
  await expectAccepted(subject, issued);
  const { claims } = readToken(issued);
  expect(claims).toMatchObject({ sub: service.id, client_id: service.id, scope: "orders:read" });
  expect(Object.keys(claims).toSorted()).toEqual(["aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"]);
  for (const extra of [{ roles: ["admin"] }, { preferred_username: "alice" }, { sub: subject.alice }, { sid: "s_x" }]) {
    await expectRefused(subject, forge.like(issued, { claims: extra }), "token_invalid", JSON.stringify(extra));
  }
});

test.each(["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "sid", "auth_time", "amr", "roles"])(
  "a token without %s is refused",
  (name) => expectRefused(subject, forge.like(token, { claims: { [name]: undefined } })),
);

test.each<Readonly<Record<string, unknown>>>([
  { sub: "" },
  { sub: "alice" },
  { sub: ["u_1"] },
  { sub: "u_1\r\nX-Auth-Roles: admin" },
  { client_id: "" },
  { client_id: "somebody" },
  { sid: "" },
  { sid: 1 },
  { sid: null },
  { jti: "" },
  { jti: "not-a-uuid" },
  { jti: "00000000-0000-7000-8000-000000000000" },
  { jti: null },
  { scope: ["orders:read"] },
  { scope: " orders:read" },
  { scope: "orders:read\u0000orders:write" },
  { scope: "orders:read\r\nX-Auth-Roles: admin" },
  { scope: null },
  { roles: "admin" },
  { roles: [1] },
  { roles: null },
  { amr: "pwd" },
  { preferred_username: "" },
  { preferred_username: null },
])("a token with %j is refused", (claims) => expectRefused(subject, forge.like(token, { claims })));
