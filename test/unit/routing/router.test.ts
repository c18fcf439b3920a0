import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Route, RouteMatch } from "../../../src/routing/route.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { RESERVED, route } from "./routes.ts";

const describeMatch = (match: RouteMatch): string =>
  match.kind === "route" ? `${match.route.host ?? ""}${match.route.path}` : match.kind;

const routerOf = (...routes: Route[]) => {
  const router = createRouter(routes, RESERVED);
  return (target: string, method = "GET", host: string | null = null) =>
    describeMatch(router.match(method, host, target));
};

describe("which route", () => {
  const match = routerOf(
    route("/*"),
    route("/a/*"),
    route("/a/b/*"),
    route("/a/b"),
    route("/a/*", { host: "admin.example" }),
    route("/only", { host: "admin.example" }),
  );

  test.each([
    ["/", "/*"],
    ["/x/y/z", "/*"],
    ["/a", "/a/*"],
    ["/ab", "/*"],
    ["/a/x?b=/a/b", "/a/*"],
    ["/a/b", "/a/b"],
    ["/a/b?x", "/a/b"],
    ["/a/b/c/d/e", "/a/b/*"],
    ["/.well-known/security.txt", "/*"],
    ["/.hidden", "/*"],
    ["/a/...", "/a/*"],
    ["/a,b:c@d!$&'()*+=~", "/*"],
    ["/caf%C3%A9", "/*"],
  ])("%s meets %s, whatever the order", (target, expected) => expect(match(target)).toBe(expected));

  test.each([
    ["admin.example", "/a/b", "admin.example/a/*"],
    ["ADMIN.example:8443", "/a/b", "admin.example/a/*"],
    ["admin.example.", "/only", "admin.example/only"],
    ["admin.example", "/x", "/*"],
    ["other.example", "/a/b", "/a/b"],
  ])("host %s, %s meets %s", (host, target, expected) => expect(match(target, "GET", host)).toBe(expected));

  test("no route is not found", () => {
    expect(routerOf(route("/a"))("/b")).toBe("not_found");
    expect(routerOf(route("/a"))("*")).toBe("not_found");
    expect(routerOf()("/")).toBe("not_found");
  });
});

describe("methods", () => {
  const router = createRouter(
    [
      route("/*"),
      route("/items", { methods: ["GET", "HEAD"] }),
      route("/items", { methods: ["POST"], access: { kind: "optional" } }),
    ],
    RESERVED,
  );

  test("routes on one path share it by method", () => {
    const match = router.match("POST", null, "/items");
    expect(match.kind === "route" && match.route.access.kind).toBe("optional");
  });

  test("a method that none of them allows is 405 and never falls to a less specific route", () => {
    expect(router.match("DELETE", null, "/items")).toEqual({ kind: "method_not_allowed", allow: "GET, HEAD, POST" });
  });

  test("methods are case-sensitive (RFC 9110 §9.1)", () => {
    expect(router.match("get", null, "/items").kind).toBe("method_not_allowed");
  });

  test("HEAD goes where GET goes (RFC 9110 §9.3.2)", () => {
    const [posted, got] = [route("/a", { methods: ["POST"] }), route("/a", { methods: ["GET"] })];
    const { match } = createRouter([posted, got, route("/a", { access: { kind: "optional" } })], RESERVED);
    expect(match("HEAD", null, "/a")).toEqual({ kind: "route", route: got });
    const alone = createRouter([posted, got], RESERVED);
    expect(alone.match("PUT", null, "/a")).toEqual({ kind: "method_not_allowed", allow: "POST, GET, HEAD" });
    const other = createRouter([posted], RESERVED);
    expect(other.match("HEAD", null, "/a")).toEqual({ kind: "method_not_allowed", allow: "POST" });
  });

  test("unless a route of the path names it", () => {
    const [got, asked] = [route("/a", { methods: ["GET"] }), route("/a", { methods: ["HEAD"] })];
    const { match } = createRouter([got, asked], RESERVED);
    expect(match("HEAD", null, "/a")).toEqual({ kind: "route", route: asked });
    expect(match("GET", null, "/a")).toEqual({ kind: "route", route: got });
  });
});

describe("paths that can be read in two ways", () => {
  const match = routerOf(route("/*"), route("/admin/*"), route("/exact"));

  test.each([
    ["/ADMIN/x", "case"],
    ["/%61dmin/x", "an encoded unreserved character"],
    ["/admin;v=1/x", "a parameter"],
    ["/exact/", "a trailing slash"],
    ["/a%2fb", "an encoded slash"],
    ["/a%2Fb", "an encoded slash"],
    ["/a%5cb", "an encoded backslash"],
    ["/a%00", "an encoded NUL"],
    ["/a\\b", "a backslash"],
    ["//a", "an empty segment"],
    ["/a//b", "an empty segment"],
    ["/a/./b", "a dot segment"],
    ["/a/../admin", "a dot segment"],
    ["/a/..", "a dot segment"],
    ["/a/%2e%2e/admin", "an encoded dot segment"],
    ["/a/.%2E/admin", "a half encoded dot segment"],
    ["/a/..;x=1/admin", "a dot segment with a parameter"],
    ["/a/;/b", "a segment that is only a parameter"],
    ["/a%", "a broken escape"],
    ["/a%u002fb", "a broken escape"],
    ["/\u00e9", "a raw byte above ASCII"],
  ])("%s is refused: %s", (target) => expect(match(target)).toBe("ambiguous_path"));

  test("what folds to the same rule passes", () => {
    expect(match("/Admin-not/X")).toBe("/*");
    expect(match("/admin/Users/%41")).toBe("/admin/*");
    expect(match("/admin/")).toBe("/admin/*");
    expect(match("/a;x=1")).toBe("/*");
  });

  test("the query may hold anything", () => expect(match("/a?x=//../%2f\\;")).toBe("/*"));

  test("an ambiguous path is refused before it is not found", () => {
    expect(routerOf(route("/a"))("//b")).toBe("ambiguous_path");
  });

  test("routes that differ only in case are both refused", () => {
    const twins = routerOf(route("/API/*"), route("/api/*"));
    expect(twins("/API/x")).toBe("ambiguous_path");
    expect(twins("/api/x")).toBe("ambiguous_path");
  });

  test("a route written with capitals is found as it is written", () => {
    const capitals = routerOf(route("/API/*"));
    expect(capitals("/API/x")).toBe("/API/*");
    expect(capitals("/api/x")).toBe("ambiguous_path");
  });

  test("a host-specific rule is not escaped by spelling", () => {
    const hosted = routerOf(route("/*"), route("/admin/*", { host: "h" }));
    expect(hosted("/ADMIN/x", "GET", "h")).toBe("ambiguous_path");
    expect(hosted("/ADMIN/x", "GET", "other")).toBe("/*");
  });

  describe("on a route that allows them", () => {
    const lax = routerOf(route("/files/*", { allowAmbiguousPath: true }), route("/admin/*"), route("/*"));
    test.each(["/files/a%2Fb", "/files//a", "/files/a/../b", "/files/%5c"])("%s passes", (target) => {
      expect(lax(target)).toBe("/files/*");
    });
    test.each([
      "/files/../admin/x",
      "/files/%2e%2e%2fadmin",
      "/files/..%5cauth/login",
      "/files/..//auth/login",
      "/files/../elsewhere",
      "/files/x%2fy/../../admin",
      "/files/x%5Cy/../../admin",
      "/files/x\\y/../../admin",
      "/files/x%00/../../admin",
      "/files//../admin",
      "/files/y//../../admin",
      "/files/x;%2f../../admin",
      "/files/y%2f..%2fz//../a",
      "/files/x%u002f../../admin",
      "/files/%2e%2e/files/a",
      "/FILES/a%2fb",
    ])("%s is no way into another rule", (target) => expect(lax(target)).toBe("ambiguous_path"));
  });
});

describe("reserved paths", () => {
  const router = createRouter([route("/*", { allowAmbiguousPath: true })], RESERVED);

  test.each([
    "/auth",
    "/auth/login",
    "/auth/login?x=/../",
    "/auth/sessions/s_AbC-9",
    "/oauth/token",
    "/.well-known/jwks.json",
  ])("%s is served", (target) => expect(router.isReserved(target)).toBe(true));

  test.each([
    "//auth/login",
    "/auth/login/",
    "/auth//login",
    "/AUTH/login",
    "/%61uth/login",
    "/auth/%6cogin",
    "/auth;x/login",
    "/auth/login;x",
    "/x/../auth/login",
    "/auth%2flogin",
    "/auth\\login",
    "/.well-known/jwks.json/",
    "/.WELL-KNOWN/jwks.json",
    "/.well-known/./jwks.json",
  ])("%s is neither served nor proxied", (target) => {
    expect(router.isReserved(target)).toBe(false);
    expect(router.match("POST", null, target).kind).toBe("ambiguous_path");
  });

  test.each(["/authors", "/auth.html", "/oauth2", "/.well-known/jwks.json/x", "/x/auth/login"])(
    "%s belongs to the routes",
    (target) => {
      expect(router.isReserved(target)).toBe(false);
      expect(router.match("GET", null, target).kind).toBe("route");
    },
  );

  test("a reserved path is never a route, also where nobody asked first", () => {
    expect(router.match("GET", null, "/auth/me").kind).toBe("not_found");
  });
});

describe("against a naive reading of the rules", () => {
  const segment = fc.constantFrom("a", "b", "A", "ab", "a;p", "%61", "c.d", ".x");
  const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
  const routePath = fc
    .tuple(fc.array(fc.constantFrom("a", "b", "ab", "c.d"), { maxLength: 3 }), fc.boolean())
    .map(([segments, prefix]) => {
      if (prefix) return segments.length === 0 ? "/*" : `/${segments.join("/")}/*`;
      return `/${segments.join("/")}`;
    });
  const routes = fc.uniqueArray(
    fc.record({
      path: routePath,
      host: fc.constantFrom(null, "h"),
      methods: fc.constantFrom(null, ["GET"], ["GET", "HEAD"], ["POST", "PUT"]),
    }),
    { maxLength: 12, selector: (rule) => `${rule.host}${rule.path}${rule.methods}` },
  );

  const covers = (pattern: string, candidate: string): boolean => {
    if (!pattern.endsWith("/*")) return pattern === candidate;
    const prefix = pattern.slice(0, -2);
    return candidate === prefix || candidate.startsWith(`${prefix}/`);
  };
  const rank = (rule: Route): number =>
    (rule.host === null ? 0 : 1e6) + (rule.path.endsWith("/*") ? rule.path.length : 1e3 + rule.path.length);
  const naive = (rules: readonly Route[], host: string, candidate: string): Route[] => {
    const fitting = rules.filter((rule) => (rule.host ?? host) === host && covers(rule.path, candidate));
    const best = Math.max(...fitting.map(rank));
    return fitting.filter((rule) => rank(rule) === best);
  };
  const foldNaively = (text: string): string => {
    const folded = text.replaceAll("%61", "a").replace(/;p/g, "").toLowerCase();
    return folded.length > 1 ? folded.replace(/\/$/, "") : folded;
  };

  const expected = (rules: readonly Route[], method: string, host: string, sent: string): RouteMatch => {
    const literal = naive(rules, host, sent);
    if (literal[0] !== naive(rules, host, foldNaively(sent))[0]) return { kind: "ambiguous_path" };
    if (literal.length === 0) return { kind: "not_found" };
    const heads = literal.some((rule) => rule.methods?.includes("HEAD"));
    const allows = (rule: Route, name: string) => rule.methods === null || rule.methods.includes(name);
    const chosen = literal.find((rule) => allows(rule, method) || (method === "HEAD" && !heads && allows(rule, "GET")));
    if (chosen !== undefined) return { kind: "route", route: chosen };
    const allowed = new Set(literal.flatMap((rule) => rule.methods ?? []));
    if (allowed.has("GET")) allowed.add("HEAD");
    return { kind: "method_not_allowed", allow: [...allowed].join(", ") };
  };

  test("the same choice", () => {
    fc.assert(
      fc.property(
        routes,
        path,
        fc.constantFrom("h", "other"),
        fc.constantFrom("GET", "HEAD", "PUT"),
        (drafts, sent, host, method) => {
          const rules = drafts.map((draft) => route(draft.path, draft));
          const match = createRouter(rules, RESERVED).match(method, host, sent);
          expect(match).toEqual(expected(rules, method, host, sent));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
