// A request carries the cookies of one person and the access token of another: a page of the attacker's, a shared computer, a
// proxy that adds its own. Two places that each choose another one make somebody act for somebody else. One rule holds: where a
// route reads bearer tokens it reads nothing else, where it reads cookies a bearer token beside them is refused.
// SECURITY: AT22.
import { expect, test } from "vitest";
import { BOB } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { REFRESH_COOKIE, told } from "./shown-token.ts";

const ACCESS_COOKIE = "__Host-Http-postern-access";

const subject = await attackedGateway({
  routes: [
    { path: "/api/*", upstream: "orders", access: "required" },
    { path: "/optional/*", upstream: "orders", access: "optional" },
    { path: "/public/*", upstream: "orders", access: "public" },
    { path: "/pages/*", upstream: "orders", access: "required", credentials: "session" },
    { path: "/maybe/*", upstream: "orders", access: "optional", credentials: "session" },
  ],
});
const bob = await subject.addUser(BOB);

/** Alice's cookies with Bob's token. */
async function mixed() {
  const { browser } = await loggedIn(subject);
  const other = subject.browser();
  await other.login(BOB.name, BOB.password);
  browser.accessToken = other.accessToken;
  return { browser, other };
}

const seen = () => subject.upstream.requests.at(-1)?.headers ?? {};

test.each(["GET", "POST", "PUT", "DELETE"])(
  "%s on bearer routes: the token's owner, and no cookie of ours goes on",
  async (method) => {
    const { browser } = await mixed();
    for (const path of ["/api/x", "/optional/x"]) {
      expect((await browser.api(path, { method })).status).toBe(200);
      expect(seen()).toMatchObject({ "x-auth-user": bob, "x-auth-name": "bob" });
      expect(seen().cookie).toBeUndefined();
    }
  },
);

test.each(["GET", "POST", "PUT", "DELETE"])(
  "%s on session routes: refused, whichever cookie there is",
  async (method) => {
    const { browser } = await mixed();
    expect([...browser.cookies.keys()].toSorted()).toEqual([REFRESH_COOKIE, ACCESS_COOKIE]);
    const before = subject.upstream.requests.length;
    for (const leftOut of ["none", ACCESS_COOKIE, REFRESH_COOKIE]) {
      const twin = browser.copy();
      twin.cookies.delete(leftOut);
      for (const path of ["/pages/x", "/maybe/x"]) {
        expect(told(await twin.api(path, { method })), `${path} ${leftOut}`).toEqual([401, "token_invalid"]);
      }
    }
    expect(subject.upstream.requests.length).toBe(before);
  },
);

test("public routes: nobody", async () => {
  const { browser } = await mixed();
  expect((await browser.api("/public/x")).status).toBe(200);
  expect(Object.keys(seen()).filter((name) => name.startsWith("x-auth-"))).toEqual([]);
});

test("the gateway's own endpoints: the token's owner", async () => {
  const { browser } = await mixed();
  expect((await browser.api("/auth/me")).json()).toMatchObject({ user: { id: bob } });
});

test("a bad token beside good cookies is not overlooked", async () => {
  const { browser } = await loggedIn(subject);
  browser.accessToken = "x.y.z";
  for (const path of ["/api/x", "/optional/x", "/pages/x", "/maybe/x", "/auth/me"]) {
    expect(told(await browser.api(path)), path).toEqual([401, "token_invalid"]);
  }
});

test("cookies of two people: refused", async () => {
  const { browser } = await loggedIn(subject);
  const { browser: another } = await loggedIn(subject);
  const before = subject.upstream.requests.length;
  for (const name of [REFRESH_COOKIE, ACCESS_COOKIE]) {
    const cookie = [browser, another].map((owner) => `${name}=${owner.cookies.get(name)}`).join("; ");
    expect((await subject.browser().fetch("/pages/x", { headers: { cookie } })).status).toBe(400);
  }
  expect(subject.upstream.requests.length).toBe(before);
});
