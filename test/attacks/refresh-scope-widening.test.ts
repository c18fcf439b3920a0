// A native application was given a narrow session. It, or whoever took its refresh token, asks for more at the next refresh:
// scopes that the login did not ask for, or that the user's roles do not give.
// SECURITY: RT13 (RFC 6749 §6, RFC 9700 §2.3).
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { ALICE, BOB } from "../support/people.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { grantRefresh } from "./shown-token.ts";

const subject = await attackedGateway();
await subject.addUser(BOB, ["admin"]);

async function session(person: typeof ALICE | typeof BOB, scope?: string) {
  const client = subject.browser();
  const answer = await client.login(person.name, person.password, {
    refresh: "body",
    ...(scope === undefined ? {} : { scope }),
  });
  return { client, token: answer.json<{ refresh_token: string }>().refresh_token };
}

const scopeOf = (answer: { json(): Record<string, unknown> }): unknown =>
  decodeJwt(String(answer.json().access_token)).scope;

test("more than the login asked for is refused, and the refusal does not use the token up", async () => {
  const { client, token } = await session(BOB, "orders:read");
  const answer = await grantRefresh(client, token, { scope: "orders:read orders:write" });
  expect([answer.status, answer.json().error]).toEqual([400, "invalid_scope"]);
  const honest = await grantRefresh(client, token);
  expect([honest.status, scopeOf(honest)]).toEqual([200, "orders:read"]);
});

test("more than the roles give is refused", async () => {
  const { client, token } = await session(ALICE);
  const answer = await grantRefresh(client, token, { scope: "orders:read orders:write" });
  expect([answer.status, answer.json().error]).toEqual([400, "invalid_scope"]);
});

test("less may be asked for, and does not narrow the session itself", async () => {
  const { client, token } = await session(BOB);
  const narrowed = await grantRefresh(client, token, { scope: "orders:read" });
  expect([narrowed.status, scopeOf(narrowed)]).toEqual([200, "orders:read"]);
  const whole = await grantRefresh(client, token);
  expect(String(scopeOf(whole)).split(" ").sort()).toEqual(["orders:read", "orders:write"]);
});

test("a login can't ask for more than the roles give either", async () => {
  const { client } = await session(ALICE, "orders:read orders:write");
  expect(decodeJwt(client.accessToken ?? "").scope).toBe("orders:read");
});
