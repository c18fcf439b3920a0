// Who may do what often hangs on the method: everybody may post a comment, the moderators delete them. Frameworks let a client say in a
// header that its POST is meant as a DELETE. The gateway judges the POST and the service deletes. What was authorised is what is
// sent: where a route names methods, no field that names another one goes with it.
// SECURITY: CS6 (ASVS 3.5.3), CWE-650.
import { beforeEach, expect, test } from "vitest";
import { attackedProcess } from "./attacked-process.ts";

const subject = await attackedProcess({
  routes: [
    { path: "/comments/*", upstream: "up", access: "public", methods: ["GET", "POST"] },
    { path: "/comments/*", upstream: "up", access: { roles: ["admin"] }, methods: ["DELETE"] },
    { path: "/free/*", upstream: "up", access: "public" },
  ],
});
const FIELDS = [
  "X-HTTP-Method-Override",
  "X-HTTP-Method",
  "X-Method-Override",
  "X-METHOD-OVERRIDE",
  "x_http_method_override",
];

beforeEach(() => {
  subject.upstream.requests.length = 0;
});

test("the method itself is refused", async () => {
  expect((await subject.browser().fetch("/comments/1", { method: "DELETE" })).status).toBe(401);
  expect(subject.upstream.requests).toEqual([]);
});

test.each(FIELDS)("%s does not reach a service where the method decides", async (name) => {
  const headers = { [name]: "DELETE", "x-kept": "yes" };
  expect((await subject.browser().fetch("/comments/1", { method: "POST", headers })).status).toBe(200);
  const [request] = subject.upstream.requests;
  expect([request?.method, request?.headers["x-kept"]]).toEqual(["POST", "yes"]);
  expect(JSON.stringify(request?.headers)).not.toContain("DELETE");
});

test("where every method is alike it is the service's business", async () => {
  const headers = { "x-http-method-override": "DELETE" };
  expect((await subject.browser().fetch("/free/1", { method: "POST", headers })).status).toBe(200);
  expect(subject.upstream.requests[0]?.headers["x-http-method-override"]).toBe("DELETE");
});
