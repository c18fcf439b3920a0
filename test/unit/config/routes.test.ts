import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse-config.ts";

/** A route with these options, and others that are good. */
const read = (options: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) =>
  parseConfig({
    issuer: "https://app.example.com",
    upstreams: { up: { targets: ["http://up:8080"] } },
    routes: [{ path: "/api/orders/*", upstream: "up", ...options }],
    ...more,
  });

/** What is wrong with it, as `path: message`, the paths from the route on. */
const problems = (options: Readonly<Record<string, unknown>>): readonly string[] => {
  const result = read(options);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path.replace("routes[0].", "")}: ${message}`);
};

describe("limits", () => {
  test.each([
    ["100/1m", undefined, { requests: 100, window: 60_000, burst: 100 }],
    ["1/1d", 7, { requests: 1, window: 86_400_000, burst: 7 }],
    ["5000000/1.5h", 1, { requests: 5_000_000, window: 5_400_000, burst: 1 }],
  ])("%s with a burst of %s", (rate, burst, expected) => {
    const limits = [{ by: "user", rate, ...(burst === undefined ? {} : { burst }) }];
    const result = read({ limits }, { limits });
    expect(result.ok && [result.config.routes[0]?.limits, result.config.limits]).toEqual([
      [{ by: "user", ...expected }],
      [{ by: "user", ...expected }],
    ]);
  });

  test.each(["100", "0/1m", "1/0s", "1/500ms", "1/2d", "-1/1m", "1e3/1m", "1/m", " 1/1m", "99999999/1m", ""])(
    "%j is no rate",
    (rate) => {
      expect(problems({ limits: [{ by: "user", rate }] })).toEqual([
        `limits[0].rate: expected a rate such as "100/1m" or "10/1s", got ${JSON.stringify(rate)}`,
      ]);
    },
  );

  test("all that is wrong is said at once", () => {
    const limits = [
      { by: "adress", rate: "1/1m" },
      { by: "address", rate: 5, burst: 0, per: "1m" },
    ];
    expect(problems({ limits })).toEqual([
      'limits[0].by: expected one of "address", "user", "client", got "adress"; did you mean "address"?',
      'limits[1].rate: expected a rate such as "100/1m" or "10/1s", got 5',
      "limits[1].burst: must be at least 1",
      "limits[1].per: is not an option; there are by, rate, burst",
    ]);
  });

  test("a public route knows nobody but addresses", () => {
    const limits = ["user", "address", "client"].map((by) => ({ by, rate: "1/1m" }));
    expect(problems({ access: "public", limits })).toEqual([
      'limits[0].by: a public route knows no user: limit by "address"',
      'limits[2].by: a public route knows no client: limit by "address"',
    ]);
    expect(problems({ access: "optional", limits })).toEqual([]);
  });
});

describe("prefixes", () => {
  const rewrite = (options: Readonly<Record<string, unknown>>) => {
    const result = read(options);
    return result.ok ? result.config.routes[0]?.rewrite : result.problems;
  };

  test("what is stripped, and what is added", () => {
    expect(rewrite({})).toBeNull();
    expect(rewrite({ stripPrefix: "/api" })).toEqual({ strip: "/api", add: "" });
    expect(rewrite({ addPrefix: "/v2" })).toEqual({ strip: "", add: "/v2" });
    expect(rewrite({ stripPrefix: "/api/orders", addPrefix: "/v2/o" })).toEqual({ strip: "/api/orders", add: "/v2/o" });
  });

  test.each([
    "",
    "api",
    "/",
    "/api/",
    "//api",
    "/a//b",
    "/../x",
    "/a/./b",
    "/a/%2e%2e",
    "/a%2fb",
    "/a?b",
    "/a*",
    "/a;b",
  ])("%j is none", (prefix) => {
    expect(problems({ stripPrefix: prefix })[0]).toMatch(/^stripPrefix: /);
    expect(problems({ addPrefix: prefix })).toEqual([expect.stringMatching(/^addPrefix: /)]);
  });

  test.each(["/ap", "/api/order", "/orders", "/API", "/api/orders/x"])(
    "%s is not the beginning of the path",
    (strip) => {
      expect(problems({ stripPrefix: strip })).toEqual([
        'stripPrefix: is not the beginning of the route\'s path "/api/orders/*"',
      ]);
    },
  );

  test("no path that can be read in two ways is rewritten", () => {
    for (const options of [{ stripPrefix: "/api" }, { addPrefix: "/v2" }]) {
      expect(problems({ ...options, allowAmbiguousPath: true })).toEqual([
        "allowAmbiguousPath: is not for paths that are rewritten: what the service reads would not be what was authorised",
      ]);
    }
  });
});

describe("headers", () => {
  test("are set and removed", () => {
    const result = read({
      requestHeaders: { set: { "X-Tenant": "blue" }, remove: ["Cookie", "Authorization"] },
      responseHeaders: { set: { "X-Frame-Options": "DENY" }, remove: ["Server", "Set-Cookie"] },
    });
    expect(result.ok && result.config.routes[0]).toMatchObject({
      requestHeaders: { set: ["X-Tenant", "blue"], drop: ["x-tenant", "cookie", "authorization"] },
      responseHeaders: { set: ["X-Frame-Options", "DENY"], drop: ["x-frame-options", "server", "set-cookie"] },
    });
  });

  const NEVER = ["Connection", "Transfer-Encoding", "content-length", "Trailer", "Upgrade", "TE", "Keep-Alive", "Host"];
  const OURS = ["Via", "X-Forwarded-For", "x-forwarded-anything", "Forwarded", "X-Request-Id", "Sec-WebSocket-Accept"];
  const NO_NAMES = ["", "a b", "X_Under", "X:", "x\r\ny"];
  test.each([...NEVER, ...OURS, ...NO_NAMES])("%j is not changed, in requests or responses", (name) => {
    for (const option of ["requestHeaders", "responseHeaders"]) {
      expect(problems({ [option]: { set: { [name]: "x" } } })).toHaveLength(1);
      expect(problems({ [option]: { remove: [name] } })).toHaveLength(1);
    }
  });

  test.each([
    ["requestHeaders", "Authorization"],
    ["requestHeaders", "Cookie"],
    ["responseHeaders", "Set-Cookie"],
    ["responseHeaders", "Access-Control-Allow-Origin"],
    ["responseHeaders", "Vary"],
    ["requestHeaders", "X-Auth-User"],
    ["requestHeaders", "x-auth-IDENTITY"],
  ])("%s: %s is not set", (option, name) => {
    expect(problems({ [option]: { set: { [name]: "x" } } })).toHaveLength(1);
  });

  test.each(["", " x", "x ", "a\r\nSet-Cookie: b", "a\nb", "a\0b", "é", "x".repeat(4097)])(
    "%j is no value",
    (value) => {
      expect(problems({ responseHeaders: { set: { "X-A": value } } })).toEqual([
        'responseHeaders.set["X-A"]: must be visible ASCII without line breaks, 4096 characters at most',
      ]);
    },
  );

  test("names have no case", () => {
    expect(problems({ responseHeaders: { set: { "X-A": "1", "x-a": "2" } } })).toEqual([
      'responseHeaders.set["x-a"]: is set twice: names have no case',
    ]);
  });
});

describe("CORS", () => {
  const cors = (value: unknown) => {
    const result = read({ cors: value }, { cors: { origins: ["https://all.example"] } });
    return result.ok ? result.config.routes[0]?.cors : result.problems.map(({ message }) => message);
  };

  test("is that of all routes, its own, or the service's", () => {
    expect(cors(undefined)).toMatchObject({ origins: ["https://all.example"], credentials: true, alone: false });
    expect(cors({ origins: ["https://a.example"], methods: ["GET", "PUT"], headers: ["X-A"], maxAge: "1h" })).toEqual({
      ...{ origins: ["https://a.example"], credentials: true, methods: "GET, PUT", headers: "X-A", maxAge: "3600" },
      ...{ expose: "ETag, WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy", alone: true },
    });
    expect(cors(false)).toBeNull();
  });

  test("lets every site in by itself and without credentials only", () => {
    expect(cors({ origins: ["*"], credentials: false })).toMatchObject({ origins: ["*"], credentials: false });
    expect(cors({ origins: ["*"] })).toEqual([
      'must be false where origins is ["*"]: every site would act for the user',
    ]);
    expect(cors({ origins: ["*", "https://a.example"], credentials: false })).toEqual([
      '"*" is every origin: leave the others out',
    ]);
  });

  test.each([
    true,
    "https://a.example",
    {},
    { origins: [] },
    { origins: ["null"] },
    { origins: ["https://*.example"] },
  ])("%j is none", (value) => expect(cors(value)).toHaveLength(1));

  test.each([
    { methods: ["get"] },
    { methods: [] },
    { methods: ["TRACE"] },
    { headers: ["*"] },
    { headers: ["a b"] },
    { expose: ["*"] },
    { expose: ["a,b"] },
    { maxAge: "2d" },
    { maxage: "1h" },
  ])("%j is refused", (more) => expect(cors({ origins: ["https://a.example"], ...more })).toHaveLength(1));
});
