// Preflights cost an attacker nothing and carry no credential: they must not reach a service behind the gateway, must not say
// more than the list of origins allows, and a huge list of headers in them must neither be echoed nor keep the gateway busy.
// SECURITY: CS8 (CVE-2026-69207).
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess, ROUTES } from "./attacked-process.ts";

const LISTED = "https://good.example";
const subject = await attackedProcess({ routes: ROUTES, cors: { origins: [LISTED] } });

const preflight = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  subject
    .browser({ origin: LISTED, "access-control-request-method": "PUT", ...headers })
    .fetch(path, { method: "OPTIONS" });

test.each(["/api/orders", "/account/", "/public/", "/nowhere", "/auth/login", "/auth/refresh", "/oauth/token"])(
  "%s: answered without a credential, and no service is asked",
  async (path) => {
    const answer = await preflight(path, { "access-control-request-headers": "authorization, x-cart" });
    expect(answer.status).toBe(204);
    expect(answer.headers["access-control-allow-methods"]).toContain("PUT");
    expect(answer.headers["access-control-allow-headers"]).toBe("authorization, x-cart");
    expect(answer.setCookies).toEqual([]);
    expect(subject.upstream.requests).toEqual([]);
  },
);

test("one that names no origin or no method is no preflight, and needs a credential", async () => {
  for (const headers of [{ origin: "" }, { "access-control-request-method": "" }]) {
    expect((await preflight("/api/orders", headers)).status).toBe(401);
  }
  expect(subject.upstream.requests).toEqual([]);
});

test.each([
  ["64 kB of spaces", `a${" ".repeat(65_536)}b`, 431],
  ["14 kB of spaces", `a${" ".repeat(14_000)}b`, 204],
  ["14 kB of commas", ",".repeat(14_000), 204],
  ["14 kB of names", Array.from({ length: 1500 }, (_, at) => `x-${at}`).join(","), 204],
  ["spaces and commas by turns", " ,".repeat(7000), 204],
])("%s: answered, not echoed", async (_, value, status) => {
  const head = [
    "OPTIONS /api/orders HTTP/1.1",
    ...["Host: shop", "Connection: close", `Origin: ${LISTED}`, "Access-Control-Request-Method: PUT"],
    ...[`Access-Control-Request-Headers: ${value}`, "", ""],
  ];
  const answer = await rawRequest(subject.gateway.url, head.join("\r\n"));
  expect(answer.status).toBe(status);
  expect(answer.text).not.toMatch(/access-control-allow-headers/i);
  expect(answer.text.length).toBeLessThan(2000);
});

test("what is no list of names is not echoed", async () => {
  for (const value of ["x: y", "<script>", "x;y", 'x"y', "é"]) {
    const answer = await preflight("/api/orders", { "access-control-request-headers": value });
    expect(answer.headers["access-control-allow-headers"]).toBeUndefined();
  }
});
