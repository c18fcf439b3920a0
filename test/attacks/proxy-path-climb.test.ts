// A route may let through paths that services read differently, for names with a slash in them. The attacker climbs out of it with dot
// segments over such a name: read with the slash decoded the path stays under the route, read without it leads to another one, and
// the service reads it its own way. What could lead elsewhere for any reader is refused.
// SECURITY: PX11 (RFC 3986 §5.2.4, CWE-22).
import { beforeEach, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess } from "./attacked-process.ts";

const subject = await attackedProcess({
  routes: [
    { path: "/files/*", upstream: "up", access: "public", allowAmbiguousPath: true },
    { path: "/files/secret/*", upstream: "up", access: "required" },
    { path: "/admin/*", upstream: "up", access: "required" },
  ],
});

beforeEach(() => {
  subject.upstream.requests.length = 0;
});

const get = (target: string) =>
  rawRequest(subject.gateway.url, `GET ${target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`);

test.each([
  "/files/x%2fy/../../admin/users",
  "/files/x%2Fy%2Fz/../../../admin/users",
  "/files/x%5cy/../../admin/users",
  "/files/x\\y/../../admin/users",
  "/files/y//../../admin/users",
  "/files/x%00/../../admin/users",
  "/files/x;%2f../../admin/users",
  "/files/x%u002f../../admin/users",
  "/files/y%2f..%2fsecret//../a",
  "/files/%2e%2e/files/%2e%2e/admin",
  "/files/../admin/users",
])("%s is refused", async (target) => {
  const { status, text } = await get(target);
  expect([status, text]).toEqual([400, expect.stringContaining('"ambiguous_path"')]);
  expect(subject.upstream.requests).toEqual([]);
});

test.each(["/files/a%2fb", "/files/a//b", "/files/a\\b", "/files/a;b%2fc", "/files/a/../b"])(
  "%s is what the route is for",
  async (target) => {
    expect((await get(target)).status).toBe(200);
    expect(subject.upstream.requests[0]?.url).toBe(target);
  },
);
