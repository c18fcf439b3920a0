// A link, an image or a prefetch sends GET with the victim's cookies, and no defence against forged requests looks at it. So GET,
// HEAD and OPTIONS must change nothing, and no header, query or form field may turn one method into another.
// SECURITY: CS6 (ASVS 3.5.3).
import { expect, test } from "vitest";
import { attackedProcess, ROUTES } from "./attacked-process.ts";
import { cookieOf } from "./shown-token.ts";

const subject = await attackedProcess({ routes: ROUTES });
const CHANGES = [
  "/auth/login",
  "/auth/register",
  "/auth/refresh",
  "/auth/logout",
  "/auth/logout/all",
  "/auth/password",
];

test.each(CHANGES)("%s is POST only", async (path) => {
  const alice = await subject.loggedIn();
  for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]) {
    const answer = await alice.api(path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe("POST");
    expect(answer.setCookies).toEqual([]);
  }
  expect((await alice.api("/api/orders")).status).toBe(200);
  expect((await alice.refresh()).status).toBe(200);
});

test("no header, query or field turns one method into another", async () => {
  const alice = await subject.loggedIn();
  const other = await subject.loggedIn();
  const { sessions } = (await alice.api("/auth/sessions")).json<{ sessions: { id: string; current: boolean }[] }>();
  const victim = sessions.find(({ current }) => !current)?.id ?? "";
  for (const name of ["x-http-method-override", "x-http-method", "x-method-override", "_method"]) {
    for (const [method, wanted, path] of [
      ["GET", "POST", "/auth/logout"],
      ["GET", "POST", "/auth/logout/all"],
      ["GET", "PATCH", "/auth/session/data"],
      ["POST", "DELETE", `/auth/sessions/${victim}`],
      ["GET", "DELETE", `/auth/sessions/${victim}`],
    ] as const) {
      for (const query of ["", `?_method=${wanted}`]) {
        const answer = await alice.api(path + query, { method, headers: { [name]: wanted } });
        expect([200, 405]).toContain(answer.status);
      }
    }
  }
  expect((await alice.refresh()).status).toBe(200);
  expect((await other.refresh()).status).toBe(200);
  expect((await alice.api("/auth/session/data")).json()).toEqual({});
});

test("a route's method is the one on the wire", async () => {
  const alice = await subject.loggedIn();
  const evil = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  // A page load from another site is no forged change: the upstream gets the GET that it is.
  await alice.fetch("/account/", { headers: { ...evil, "x-http-method-override": "POST" } });
  expect(subject.upstream.requests.at(-1)?.method).toBe("GET");
  expect(cookieOf(alice)).not.toBe("");
});
