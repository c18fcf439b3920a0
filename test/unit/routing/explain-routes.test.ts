import { describe, expect, test } from "vitest";
import { explainRoutes } from "../../../src/routing/explain-routes.ts";
import { reservedPaths } from "../../../src/routing/reserved.ts";
import type { Route } from "../../../src/routing/route.ts";
import { RESERVED, route } from "./routes.ts";

const kinds = (...routes: Route[]) => explainRoutes(routes, RESERVED).map(({ index, kind }) => `${index} ${kind}`);

describe("explainRoutes", () => {
  test("has nothing to say about routes that all can be reached", () => {
    expect(kinds(route("/*"), route("/a"), route("/a/*"), route("/a", { host: "h" }))).toEqual([]);
  });

  test("names a route that an earlier one leaves no method", () => {
    expect(kinds(route("/a"), route("/a", { methods: ["GET"] }))).toEqual(["1 unreachable"]);
    expect(
      kinds(
        route("/a", { methods: ["GET"] }),
        route("/a", { methods: ["POST"] }),
        route("/a", { methods: ["GET", "POST"] }),
      ),
    ).toEqual(["2 unreachable"]);
    expect(kinds(route("/a", { methods: ["GET"] }), route("/a"))).toEqual([]);
  });

  test("names routes under a reserved path, in every spelling", () => {
    expect(kinds(route("/auth/*"), route("/oauth/x"), route("/AUTH/x"), route("/authors"))).toEqual([
      "0 under_reserved",
      "1 under_reserved",
      "2 under_reserved",
    ]);
  });

  test("names routes that fold to the same path, and those that are ambiguous themselves", () => {
    expect(kinds(route("/API/*"), route("/api/*"))).toEqual(["0 collides", "1 collides"]);
    expect(kinds(route("/a/"), route("/a"))).toEqual(["0 collides", "1 collides"]);
    expect(kinds(route("/a%2fb"), route("/x/../y"), route("/c%2fd", { allowAmbiguousPath: true }))).toEqual([
      "0 ambiguous",
      "1 ambiguous",
    ]);
  });
});

describe("reservedPaths", () => {
  const config = { issuer: "https://a.example", paths: { auth: "/auth", oauth: "/oauth", admin: "/admin" } };

  test("the admin API only where it is public", () => {
    expect(reservedPaths({ ...config, admin: { public: false } }).prefixes).toEqual(["/auth", "/oauth"]);
    expect(reservedPaths({ ...config, admin: { public: true } }).prefixes).toEqual(["/auth", "/oauth", "/admin"]);
  });

  test("the metadata of an issuer with a path is also served at its own place (RFC 8414 §3.1)", () => {
    const { exact } = reservedPaths({ ...config, issuer: "https://a.example/tenant", admin: { public: false } });
    expect(exact).toContain("/.well-known/oauth-authorization-server/tenant");
  });
});
