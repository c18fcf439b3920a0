// An attacker who is limited tries to look like somebody else: by X-Forwarded-For and its relatives, by another spelling of the address,
// by the other addresses of one IPv6 network, by the path's other spellings; or to have the count forgotten, by flooding the gateway with
// addresses until there is no room for it.
// SECURITY: PW10 (CVE-2026-45364), PW12 (GHSA-x732-6j76-qmhm).
import { describe, expect, test } from "vitest";
import { attackedNodeGateway } from "./attacked-gateway.ts";

const LIMIT = 3;
const input = (trustedProxies: readonly string[]) => ({
  trustedProxies,
  routes: [
    { path: "/api/*", upstream: "orders", access: "public", limits: [{ by: "address", rate: `${LIMIT}/1d` }] },
    { path: "/other/*", upstream: "orders", access: "public" },
  ],
});
const direct = await attackedNodeGateway(input([]));
const behind = await attackedNodeGateway(input(["127.0.0.1/32", "10.0.0.0/8"]));

const asked = async (headers: Readonly<Record<string, string>>, gateway = behind, path = "/api/x"): Promise<number> =>
  (await gateway.browser(headers).fetch(path)).status;
const from = (address: string): Promise<number> => asked({ "x-forwarded-for": address });

test("whatever a client writes about itself, it is the socket that counts", async () => {
  for (let time = 0; time < LIMIT; time++) expect(await asked({}, direct)).toBe(200);
  for (const headers of [
    { "x-forwarded-for": "198.51.100.1" },
    { "x-real-ip": "198.51.100.2" },
    { forwarded: "for=198.51.100.3" },
    { "cf-connecting-ip": "198.51.100.4" },
    { "true-client-ip": "198.51.100.5" },
  ]) {
    expect(await asked(headers, direct), JSON.stringify(headers)).toBe(429);
  }
});

test("behind a trusted proxy, what stands before the proxy's own entry is not believed", async () => {
  for (let time = 0; time < LIMIT; time++) expect(await from(`198.51.100.${time}, 192.0.2.1`)).toBe(200);
  expect(await from("198.51.100.9, 192.0.2.1")).toBe(429);
  expect(await from("203.0.113.1, 192.0.2.1, 10.0.0.5")).toBe(429);
  expect(await from("192.0.2.2")).toBe(200);
});

test("a thousand addresses of one IPv6 network are one", async () => {
  const seen: number[] = [];
  for (let time = 0; time < 1000; time++) {
    const [high, low] = [(time * 7919) & 0xffff, (time * 104_729) & 0xffff];
    seen.push(await from(`2001:db8:1:2:${high.toString(16)}:${low.toString(16)}:0:${time.toString(16)}`));
  }
  expect(seen.filter((status) => status !== 429)).toEqual(Array.from({ length: LIMIT }, () => 200));
  expect(await from("2001:db8:1:3::1")).toBe(200);
});

test.each([
  ["IPv6", ["2001:db8:7::1", "2001:DB8:7::1", "2001:0db8:7:0:0:0:0:1", "[2001:db8:7::1]:4711", "2001:db8:7::1%eth0"]],
  ["IPv4", ["192.0.2.9", "::ffff:192.0.2.9", "::FFFF:c000:209", "192.0.2.9:80", " 192.0.2.9 "]],
])("every spelling of one %s address is the same", async (_, spellings) => {
  for (let time = 0; time < LIMIT; time++) expect(await from(spellings[0] ?? "")).toBe(200);
  for (const spelling of spellings) expect(await from(spelling), spelling).toBe(429);
});

test("no other spelling of a path has a count of its own", async () => {
  const headers = { "x-forwarded-for": "192.0.2.33" };
  for (let time = 0; time < LIMIT; time++) expect(await asked(headers)).toBe(200);
  for (const path of ["/api/x/", "/api/y?z", "/api;v=1/x", "//api/x", "/%61pi/x", "/API/x", "/other/../api/x"]) {
    expect([429, 400, 404], path).toContain(await asked(headers, behind, path));
  }
});

describe("a flood of addresses", () => {
  // The decision itself: a hundred thousand requests over sockets would take minutes.
  const decide = (address: string) =>
    behind.gateway.decide({
      ...{ method: "GET", target: "/api/x", peer: "10.0.0.1" },
      headers: ["Host", "app.example", "X-Forwarded-For", address],
    });
  const octets = (count: number): string => `100.${count >> 16}.${(count >> 8) & 255}.${count & 255}`;

  test("does not make the gateway forget who has used up the limit", async () => {
    for (let time = 0; time < LIMIT; time++) expect(decide("192.0.2.66")).toMatchObject({ kind: "pass" });
    for (let count = 0; count < 150_000; count++) decide(octets(count));
    expect(decide("192.0.2.66")).toMatchObject({ kind: "refuse", problem: { code: "rate_limited" } });
    expect(await from("192.0.2.66")).toBe(429);
  });

  test("locks nobody out who comes after it", async () => {
    expect(await from("192.0.2.67")).toBe(200);
  });
});
