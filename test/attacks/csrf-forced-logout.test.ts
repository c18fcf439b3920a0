// The attacker's page posts a form to /auth/logout in the victim's own window. SameSite keeps the cookies out of the request, so
// that it looks like one of a client without any; but a browser would still take the answer's Set-Cookie, because the window has
// moved to the gateway (RFC 6265bis §5.7). Such an answer clears nothing.
// SECURITY: CS1, CS3; docs/http.md, CSRF.
import { expect, test } from "vitest";
import { attackedProcess } from "./attacked-process.ts";

const subject = await attackedProcess();

test.each([
  ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
  ["a sandboxed frame", { "sec-fetch-site": "cross-site", origin: "null" }],
  ["a sibling domain", { "sec-fetch-site": "same-site", origin: "https://old.example.com" }],
  ["an old browser on another site", { "sec-fetch-site": "", origin: "https://evil.example" }],
])("from %s", async (_, headers) => {
  for (const call of [{ form: { return_to: "/bye" } }, { form: {} }, { method: "POST" }]) {
    const answer = await subject.browser(headers).fetch("/auth/logout", call);
    expect(answer.setCookies).toEqual([]);
    expect(answer.headers["clear-site-data"]).toBeUndefined();
  }
});

test("our own page clears what is left, though no session is known any more", async () => {
  const answer = await subject.browser().fetch("/auth/logout", { method: "POST" });
  expect(answer.status).toBe(204);
  expect(answer.setCookies).toHaveLength(2);
  for (const line of answer.setCookies) expect(line).toContain("Max-Age=0");
});

test("a native application without cookies logs out all the same", async () => {
  const alice = await subject.loggedIn();
  const native = subject.browser({ "sec-fetch-site": "", origin: "" });
  native.accessToken = alice.accessToken;
  expect((await native.logout()).status).toBe(204);
  expect((await alice.refresh()).status).toBe(401);
});
