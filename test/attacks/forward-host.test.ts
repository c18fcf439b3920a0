// A proxy that asks for verdicts names the host of the request to judge. nginx, unless told otherwise, passes the client's own headers
// on with its question: a client that writes X-Forwarded-Host names another host than the one that it is about to reach, one whose
// routes are open. Other proxies add to what the client wrote, and two hosts are no host that a route knows. Neither is judged.
// SECURITY: PX19 (CVE-2026-40575).
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess } from "./attacked-process.ts";

const subject = await attackedProcess({
  trustedProxies: ["127.0.0.1/32"],
  routes: [
    { path: "/*", access: "required", host: "admin.example" },
    { path: "/*", access: "public", host: "open.example" },
    { path: "/*", access: "public" },
  ],
});

async function verdict(...lines: string[]): Promise<readonly [number, string]> {
  const head = ["GET /auth/verify HTTP/1.1", "Connection: close", ...lines, "", ""];
  const { status, text } = await rawRequest(subject.gateway.url, head.join("\r\n"));
  return [status, /"code":"(\w+)"/.exec(text)?.[1] ?? ""];
}

const NGINX = ["X-Original-Method: GET", "X-Original-URI: /"];
const CADDY = ["X-Forwarded-Method: GET", "X-Forwarded-Uri: /"];

test.each(["open.example", "admin.example:80", "", "admin.example, open.example"])(
  "beside nginx's names, X-Forwarded-Host: %s contradicts Host",
  async (host) => {
    expect(await verdict("Host: admin.example", ...NGINX, `X-Forwarded-Host: ${host}`)).toEqual([403, "verify_target"]);
  },
);

test("beside nginx's names it may say the same as Host", async () => {
  const lines = [...NGINX, "X-Forwarded-Host: admin.example"];
  expect(await verdict("Host: admin.example", ...lines)).toEqual([401, "unauthenticated"]);
});

test.each(["open.example, admin.example", "admin.example,", "admin.example/", "open.example@admin.example", "", "a b"])(
  "beside Caddy's names, X-Forwarded-Host: %s is no host",
  async (host) => {
    expect(await verdict("Host: postern", ...CADDY, `X-Forwarded-Host: ${host}`)).toEqual([403, "verify_target"]);
  },
);

test("each proxy's own way is judged by the host that it names", async () => {
  expect(await verdict("Host: admin.example", ...NGINX)).toEqual([401, "unauthenticated"]);
  expect(await verdict("Host: open.example", ...NGINX)).toEqual([200, ""]);
  expect(await verdict("Host: postern", ...CADDY, "X-Forwarded-Host: admin.example")).toEqual([401, "unauthenticated"]);
  expect(await verdict("Host: postern", ...CADDY, "X-Forwarded-Host: open.example")).toEqual([200, ""]);
});
