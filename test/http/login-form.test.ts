import { expect, test } from "vitest";
import { attackedGateway } from "../attacks/attacked-gateway.ts";
import { told } from "../attacks/shown-token.ts";
import { ALICE } from "../support/people.ts";

const LISTED = "https://www.shop.example/welcome";
const shop = await attackedGateway({ login: { page: "/login?theme=dark", returnTo: [LISTED] } });
const bare = await attackedGateway();
const credentials = { username: ALICE.name, password: ALICE.password };

test("a login goes on by 303 to where the form says, and to the site's root where it says nothing", async () => {
  for (const [return_to, location] of [
    [{}, "/"],
    [{ return_to: "/a?b=c" }, "/a?b=c"],
    [{ return_to: LISTED }, LISTED],
  ] as const) {
    const browser = shop.browser();
    const answer = await browser.fetch("/auth/login", { form: { ...credentials, ...return_to } });
    expect([answer.status, answer.headers.location, answer.text]).toEqual([303, location, ""]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect((await browser.refresh()).status).toBe(200);
  }
});

test("one that fails goes back to the login page with the reason and the way, and sets nothing", async () => {
  const form = { username: ALICE.name, password: "wrong", return_to: "/a?b=c" };
  const answer = await shop.browser().fetch("/auth/login", { form });
  expect([answer.status, answer.setCookies]).toEqual([303, []]);
  const { pathname, searchParams } = new URL(answer.headers.location ?? "", shop.url);
  expect(pathname).toBe("/login");
  expect(Object.fromEntries(searchParams)).toEqual({
    theme: "dark",
    error: "invalid_credentials",
    return_to: "/a?b=c",
  });
});

test("one that is refused for too many failures goes there too", async () => {
  for (let time = 0; time < 10; time++) await shop.browser().login("mallory", "wrong");
  const answer = await shop.browser().fetch("/auth/login", { form: { username: "mallory", password: "wrong" } });
  expect(answer.headers.location).toBe("/login?theme=dark&error=rate_limited");
});

test("without a login page a failed form is answered as any other request", async () => {
  const answer = await bare.browser().fetch("/auth/login", { form: { ...credentials, password: "wrong" } });
  expect(told(answer)).toEqual([401, "invalid_credentials"]);
});

test("a field that stands twice, or is missing, is refused", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  for (const body of ["username=alice&password=a&password=b", "username=alice", "", "return_to=/&return_to=//evil"]) {
    const answer = await shop.browser().fetch("/auth/login", { method: "POST", body, headers });
    expect(told(answer)).toEqual([400, "validation"]);
  }
});

test("JSON that was sent as a form is told from a form that lacks fields", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  for (const [body, said] of [
    [JSON.stringify(credentials), true],
    ["user=alice", false],
  ] as const) {
    const answer = await shop.browser().fetch("/auth/login", { method: "POST", body, headers });
    expect([answer.status, answer.text.includes("JSON is sent as application/json")]).toEqual([400, said]);
  }
});

test("a logout by form goes on by 303, clears the cookies and ends the session", async () => {
  for (const [return_to, location] of [
    [{}, "/"],
    [{ return_to: "/bye" }, "/bye"],
    [{ return_to: LISTED }, LISTED],
  ] as const) {
    const browser = shop.browser();
    await browser.fetch("/auth/login", { form: credentials });
    const twin = browser.copy();
    const answer = await browser.fetch("/auth/logout", { form: return_to });
    expect([answer.status, answer.headers.location]).toEqual([303, location]);
    expect(browser.cookies.size).toBe(0);
    expect(told(await twin.refresh())).toEqual([401, "session_ended"]);
  }
});
