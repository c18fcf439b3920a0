import { beforeEach, describe, expect, test } from "vitest";
import type { Buckets } from "../../../src/limits/buckets.ts";
import { createRequestLimits, type RequestLimits } from "../../../src/limits/request-limits.ts";
import type { RateLimit, Route } from "../../../src/routing/route.ts";
import type { Principal } from "../../../src/tokens/principal.ts";
import { principalOf } from "../../support/principal.ts";
import { route } from "../routing/routes.ts";

const limit = (by: RateLimit["by"], requests: number): RateLimit => ({ by, requests, window: 60_000, burst: requests });

let now = 0;
let known: Map<string, Buckets>;
beforeEach(() => {
  now = 1000;
  known = new Map();
});

const limitsOf = (routes: readonly Route[], overall: readonly RateLimit[] = []): RequestLimits =>
  createRequestLimits({ overall, routes, known, monotonic: () => now });

/** How many of ten requests are let through. */
const fromAddress = (limits: RequestLimits, to: Route, address: string) =>
  Array.from({ length: 10 }, () => limits.byAddress(to, () => address)).filter((problem) => problem === null).length;
const by = (limits: RequestLimits, to: Route, principal: Principal | null) =>
  Array.from({ length: 10 }, () => limits.byPrincipal(to, principal)).filter((problem) => problem === null).length;

describe("limits by address", () => {
  test("count an IPv4 address by itself and an IPv6 address with its network", () => {
    const to = route("/a", { limits: [limit("address", 3)] });
    const limits = limitsOf([to]);
    expect(fromAddress(limits, to, "192.0.2.1")).toBe(3);
    expect(fromAddress(limits, to, "192.0.2.2")).toBe(3);
    expect(fromAddress(limits, to, "2001:db8:0:1::1")).toBe(3);
    expect(fromAddress(limits, to, "2001:db8:0:1:ffff::1")).toBe(0);
    expect(fromAddress(limits, to, "2001:db8:0:2::1")).toBe(3);
  });

  test("say how long to wait, and which limit it was", () => {
    const to = route("/a", { limits: [limit("address", 6), limit("address", 2)] });
    const limits = limitsOf([to]);
    expect(fromAddress(limits, to, "192.0.2.1")).toBe(2);
    expect(limits.byAddress(to, () => "192.0.2.1")).toMatchObject({
      ...{ code: "rate_limited", retryAfter: 30, quota: { by: "address", requests: 2, window: 60_000 } },
    });
  });

  test("what one limit refuses, no other counts", () => {
    const to = route("/a", { limits: [limit("address", 4), limit("address", 2)] });
    const limits = limitsOf([to]);
    expect(fromAddress(limits, to, "192.0.2.1")).toBe(2);
    now += 30_000;
    expect(fromAddress(limits, to, "192.0.2.1")).toBe(1);
    now += 30_000;
    expect(fromAddress(limits, to, "192.0.2.1")).toBe(1);
  });
});

describe("limits by user and client", () => {
  const to = route("/a", { limits: [limit("user", 3)] });

  test("count users by themselves, and nobody where nobody is known", () => {
    const limits = limitsOf([to]);
    expect(by(limits, to, principalOf({ sub: "u_1" }))).toBe(3);
    expect(by(limits, to, principalOf({ sub: "u_2" }))).toBe(3);
    expect(by(limits, to, null)).toBe(10);
  });

  test("count the tokens of one client together, whoever they act for", () => {
    const clients = route("/a", { limits: [limit("client", 3)] });
    const limits = limitsOf([clients]);
    expect(by(limits, clients, principalOf({ sub: "u_1", clientId: "c_1" }))).toBe(3);
    expect(by(limits, clients, principalOf({ sub: "u_2", clientId: "c_1" }))).toBe(0);
    expect(by(limits, clients, principalOf({ sub: "u_1", clientId: "c_2" }))).toBe(3);
  });
});

test("a route has buckets of its own, and those over all routes are shared", () => {
  const [one, other, free] = [route("/a", { limits: [limit("address", 3)] }), route("/b"), route("/c")];
  const limits = limitsOf([one, other, free], [limit("address", 5)]);
  expect(fromAddress(limits, one, "192.0.2.1")).toBe(3);
  expect(fromAddress(limits, other, "192.0.2.1")).toBe(2);
  expect(fromAddress(limits, free, "192.0.2.1")).toBe(0);
});

test("a new configuration goes on with the buckets of the limits that stay, and forgets the others", () => {
  const before = [route("/a", { limits: [limit("user", 3)] }), route("/b", { limits: [limit("user", 3)] })] as const;
  const limits = limitsOf(before);
  const ana = principalOf({ sub: "u_1" });
  for (const to of before) expect(by(limits, to, ana)).toBe(3);
  const after = [route("/a", { limits: [limit("user", 3)] }), route("/b", { limits: [limit("user", 4)] })] as const;
  const next = limitsOf(after);
  expect(after.map((to) => by(next, to, ana))).toEqual([0, 4]);
  expect(known.size).toBe(2);
});
