import { expect, test } from "vitest";
import { attackedGateway } from "../attacks/attacked-gateway.ts";
import { told } from "../attacks/shown-token.ts";
import { ALICE } from "../support/people.ts";

const PASSWORD = "lantern kayak meadow violin";
const open = await attackedGateway({ registration: { roles: ["user"] } });
const closed = await attackedGateway();

test("closed unless it is asked for", async () => {
  const json = { username: "carol", password: PASSWORD };
  expect(told(await closed.browser().fetch("/auth/register", { json }))).toEqual([404, "not_found"]);
  expect(told(await closed.browser().login("carol", PASSWORD))).toEqual([401, "invalid_credentials"]);
});

test("open: an account with the configured roles, and no login", async () => {
  const browser = open.browser();
  const answer = await browser.fetch("/auth/register", {
    json: { username: "Carol", password: PASSWORD, roles: ["admin"] },
  });
  expect(answer.status).toBe(201);
  expect(answer.json()).toEqual({ user: { id: expect.stringMatching(/^u_/), username: "Carol", roles: ["user"] } });
  expect([answer.setCookies, answer.headers["cache-control"]]).toEqual([[], "no-store"]);
  const login = await browser.login("carol", PASSWORD);
  expect(login.json()).toMatchObject({ user: { username: "Carol", roles: ["user"] }, scope: "orders:read" });
});

test.each([ALICE.name, "ALICE", "ａｌｉｃｅ", "аlісе"])("the name %s is taken", async (username) => {
  const answer = await open.browser().fetch("/auth/register", { json: { username, password: PASSWORD } });
  expect([400, 409]).toContain(answer.status);
  expect((await open.browser().login(ALICE.name, ALICE.password)).status).toBe(200);
  expect((await open.browser().login(username, PASSWORD)).status).toBe(401);
});

test("everything that is wrong is said at once", async () => {
  const answer = await open.browser().fetch("/auth/register", { json: { username: "a b", password: "short" } });
  expect(told(answer)).toEqual([400, "validation"]);
  expect(answer.json()).toMatchObject({ errors: [{ path: "username" }, { path: "password" }] });
});

test("a form of another site cannot make accounts", async () => {
  const form = { username: "dave", password: PASSWORD };
  expect(told(await open.browser().fetch("/auth/register", { form }))).toEqual([400, "validation"]);
});

test("an address gets no more accounts than it may fail logins", async () => {
  const few = await attackedGateway({ registration: true, login: { limits: { perAddress: { attempts: 3 } } } });
  const register = (name: string) =>
    few.browser().fetch("/auth/register", { json: { username: name, password: PASSWORD } });
  for (const name of ["user1", "user2", "user3"]) expect((await register(name)).status).toBe(201);
  const refused = await register("user4");
  expect(told(refused)).toEqual([429, "rate_limited"]);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  await few.advance(15 * 60_000);
  expect((await register("user4")).status).toBe(201);
});
