import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/parse-config.ts";
import type { ConfigInput } from "../../../src/config/schema.ts";

const issuer = "https://app.example.com";

/** Every problem with a configuration, as `path: message`. */
function problems(input: unknown): readonly string[] {
  const result = parseConfig(input);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

/** A configuration that must be good. */
function parsed(input: ConfigInput) {
  const result = parseConfig(input);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

const hash = `sha256:${"A".repeat(43)}`;

describe("what is wrong is named with its path, what was expected and what to do", () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["nothing", {}, 'issuer: is required: expected the public URL of this gateway, such as "https://app.example.com"'],
    ["no object", [], ": expected an object, got a list"],
    [
      "an issuer that is no URL",
      { issuer: "app" },
      'issuer: expected the public URL of this gateway, such as "https://app.example.com"',
    ],
    [
      "an http issuer",
      { issuer: "http://app.example.com" },
      'issuer: must be https: cookies and tokens would cross the network in the clear; http is accepted for localhost, 127.0.0.1 and [::1] only (write "https://app.example.com" and let a TLS terminator forward to Postern)',
    ],
    ["a loopback lookalike", { issuer: "http://localhost.example.com" }, "issuer: must be https"],
    ["a loopback lookalike address", { issuer: "http://127.0.0.1.example.com" }, "issuer: must be https"],
    [
      "a trailing slash",
      { issuer: `${issuer}/` },
      'issuer: write it as "https://app.example.com": clients compare it letter by letter',
    ],
    ["a default port", { issuer: `${issuer}:443` }, 'issuer: write it as "https://app.example.com"'],
    ["capitals in the host", { issuer: "https://APP.example.com" }, 'issuer: write it as "https://app.example.com"'],
    ["a query", { issuer: `${issuer}?a` }, "issuer: must not have a query or a fragment"],
    ["a fragment", { issuer: `${issuer}#` }, "issuer: must not have a query or a fragment"],
    [
      "a password in the issuer",
      { issuer: "https://a:b@app.example.com" },
      "issuer: must not hold a user name or a password",
    ],
    ["an unknown option", { issuer, upstream: {} }, 'upstream: is not an option; did you mean "upstreams"?'],
    [
      "an unknown option inside",
      { issuer, tokens: { access: { tll: "5m" } } },
      'tokens.access.tll: is not an option; did you mean "ttl"?',
    ],
    ["nothing like an option", { issuer, admin: { xyzzy: 1 } }, "admin.xyzzy: is not an option; there are public"],
    ["a secret", { issuer, secret: "x" }, "secret: secrets come from the environment only: set POSTERN_SECRET"],
    [
      "an admin token",
      { issuer, adminToken: "x" },
      "adminToken: secrets come from the environment only: set POSTERN_ADMIN_TOKEN",
    ],
    ["a prototype's name", JSON.parse(`{"issuer":"${issuer}","__proto__":{"a":1}}`), "__proto__: is not an option"],
    [
      "a password in the store's URL",
      { issuer, store: "redis://:hunter2@redis:6379" },
      "store: holds a password, and files are copied and committed: move the whole URL into the environment variable POSTERN_STORE",
    ],
    [
      "an unknown store",
      { issuer, store: "mysql://:hunter2@db" },
      'store: expected "sqlite:FILE", "redis://HOST:PORT" or "rediss://HOST:PORT"',
    ],
    [
      "no address",
      { issuer, listen: "8080" },
      'listen: expected an address such as "127.0.0.1:8080" or "[::1]:8080", got "8080"',
    ],
    ["no port", { issuer, listen: "127.0.0.1:65536" }, "listen: expected an address"],
    [
      "a key that is no file",
      { issuer, tls: { cert: "cert.pem", key: "-----BEGIN PRIVATE KEY-----" } },
      "tls.key: must be the name of a file",
    ],
    [
      "TLS for an issuer without",
      { issuer: "http://localhost:8080", tls: { cert: "cert.pem", key: "key.pem" } },
      'issuer: must be https, since the listener has tls: write "https://localhost:8080"',
    ],
    ["too many workers", { issuer, workers: 65 }, "workers: must be at most 64"],
    ["workers of no number", { issuer, workers: "all" }, 'workers: expected a whole number, 1 to 64, or "auto"'],
    [
      "two listeners on one address",
      { issuer, listen: "127.0.0.1:9464" },
      "operations.listen: is the address of the main listener: take another port than 9464",
    ],
    [
      "a listener on every address over another",
      { issuer, listen: "0.0.0.0:9464" },
      "operations.listen: is the address of the main listener: take another port than 9464",
    ],
    [
      "no duration",
      { issuer, tokens: { access: { ttl: "5 minutes" } } },
      'tokens.access.ttl: expected a duration such as "5m" or "14d", 1s to 1h, got "5 minutes"',
    ],
    [
      "a long access token",
      { issuer, tokens: { access: { ttl: "2h" } } },
      "tokens.access.ttl: must be at most 1h, got 2h",
    ],
    [
      "a short access token",
      { issuer, tokens: { access: { ttl: 999 } } },
      "tokens.access.ttl: must be at least 1s, got 999ms",
    ],
    [
      "a cookie of more than 400 days",
      { issuer, tokens: { refresh: { absolute: "401d" } } },
      "tokens.refresh.absolute: must be at most 400d, got 401d",
    ],
    [
      "idle after absolute",
      { issuer, tokens: { refresh: { idle: "91d" } } },
      "tokens.refresh.idle: 91d is longer than tokens.refresh.absolute (90d)",
    ],
    [
      "grace after idle",
      { issuer, tokens: { refresh: { idle: "1m", grace: "2m" } } },
      "tokens.refresh.grace: 2m is longer than tokens.refresh.idle (1m)",
    ],
    [
      "publishing after signing",
      { issuer, tokens: { keys: { rotateEvery: "30m" } } },
      "tokens.keys.publishAhead: 1h is longer than tokens.keys.rotateEvery (30m)",
    ],
    [
      "a symmetric algorithm",
      { issuer, tokens: { access: { alg: "HS256" } } },
      'tokens.access.alg: expected one of "ES256", "EdDSA", "RS256", got "HS256"; did you mean "ES256"?',
    ],
    [
      "no algorithm",
      { issuer, tokens: { access: { alg: "none" } } },
      'tokens.access.alg: expected one of "ES256", "EdDSA", "RS256", got "none"',
    ],
    ["short passwords", { issuer, passwords: { minLength: 7 } }, "passwords.minLength: must be at least 8"],
    ["cheap hashes", { issuer, passwords: { memory: "8MiB" } }, "passwords.memory: must be at least 19MiB, got 8MiB"],
    ["one pass", { issuer, passwords: { iterations: 1 } }, "passwords.iterations: must be at least 2"],
    [
      "every origin",
      { issuer, cors: { origins: ["*"] } },
      "cors.origins[0]: must name one origin exactly: a wildcard would let every site act for the user",
    ],
    [
      "a wildcard origin",
      { issuer, cors: { origins: ["https://*.example.com"] } },
      "cors.origins[0]: must name one origin exactly",
    ],
    [
      "the null origin",
      { issuer, cors: { origins: ["null"] } },
      'cors.origins[0]: must be an origin: "null" is what sandboxed pages of any site send',
    ],
    [
      "an origin with a path",
      { issuer, cors: { origins: ["https://spa.example.com/"] } },
      'cors.origins[0]: must be an origin and nothing more: write "https://spa.example.com"',
    ],
    ["an insecure origin", { issuer, cors: { origins: ["http://spa.example.com"] } }, "cors.origins[0]: must be https"],
    [
      "an origin twice",
      { issuer, cors: { origins: [issuer, issuer] } },
      `cors.origins[1]: "${issuer}" stands in the list twice`,
    ],
    [
      "no CIDR block",
      { issuer, trustedProxies: ["10.0.0.0/33"] },
      'trustedProxies[0]: expected a CIDR block such as "10.0.0.0/8", got "10.0.0.0/33"',
    ],
    [
      "a login page elsewhere",
      { issuer, login: { page: "https://evil.example" } },
      'login.page: must be a path on this site, such as "/login"',
    ],
    [
      "a login page that leaves",
      { issuer, login: { page: "//evil.example" } },
      'login.page: must be a path on this site, such as "/login"',
    ],
    [
      "a login page that leaves by a backslash",
      { issuer, login: { page: "/\\evil.example" } },
      "login.page: must be a path on this site",
    ],
    [
      "an insecure return",
      { issuer, login: { returnTo: ["http://app.example.org/"] } },
      "login.returnTo[0]: must be an absolute https URL",
    ],
    [
      "overlapping paths",
      { issuer, paths: { oauth: "/auth/oauth" } },
      'paths.oauth: "/auth/oauth" overlaps with paths.auth ("/auth"): choose prefixes apart',
    ],
    [
      "a path without a slash",
      { issuer, paths: { auth: "auth" } },
      'paths.auth: must begin with "/" and end without one, such as "/auth"',
    ],
    ["the root", { issuer, paths: { auth: "/" } }, 'paths.auth: must begin with "/"'],
    [
      "the well-known path",
      { issuer, paths: { auth: "/.well-known" } },
      "paths.auth: /.well-known belongs to documents with fixed names",
    ],
    [
      "an underscore",
      { issuer, identityHeaders: { user: "X_User" } },
      "identityHeaders.user: must not contain _: servers behind gateways read it as -",
    ],
    [
      "a header of its own",
      { issuer, identityHeaders: { user: "Authorization" } },
      "identityHeaders.user: is a header with a meaning of its own",
    ],
    [
      "one header twice",
      { issuer, identityHeaders: { name: "x-auth-user" } },
      'identityHeaders.name: "x-auth-user" is the name of identityHeaders.user already',
    ],
    [
      "a line break in a header",
      { issuer, identityHeaders: { user: "X-A\r\nX-B" } },
      "identityHeaders.user: must be the name of a header field (RFC 9110 §5.1)",
    ],
    [
      "a secret for its hash",
      { issuer, clients: { c_a: { secretHash: "hunter2" } } },
      'clients.c_a.secretHash: must be "sha256:" and 43 characters of base64url',
    ],
    [
      "a client's id",
      { issuer, clients: { reports: { secretHash: hash } } },
      "clients.reports: a client's id is c_ and 1 to 62 letters, digits, _ and -",
    ],
    [
      "a scope with a space",
      { issuer, roles: { user: { scopes: ["a b"] } } },
      "roles.user.scopes[0]: must be a scope of RFC 6749 §3.3",
    ],
    ["a role with a comma", { issuer, roles: { "a,b": {} } }, 'roles["a,b"]: a role is named with a letter'],
    [
      "an upstream without a target",
      { issuer, upstreams: { a: { targets: [] } } },
      "upstreams.a.targets: must name at least one target",
    ],
    [
      "a target with a path",
      { issuer, upstreams: { a: { targets: ["http://a:1/b"] } } },
      'upstreams.a.targets[0]: must be an origin and nothing more, since requests keep their own path: write "http://a:1"',
    ],
    [
      "a target of another scheme",
      { issuer, upstreams: { a: { targets: ["file:///etc/passwd"] } } },
      "upstreams.a.targets[0]: expected scheme, host and port of a service",
    ],
    [
      "registration into no role",
      { issuer, roles: { user: {} }, registration: { roles: ["usr"] } },
      'registration.roles[0]: no role "usr" is configured: add it to roles; did you mean "user"?',
    ],
  ];
  it.each(cases)("%s", (_name, input, expected) => {
    const found = problems(input);
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(expected), `${found[0]}\n is not\n${expected}`).toBe(true);
  });
});

describe("routes", () => {
  const base = { issuer, roles: { admin: {} }, upstreams: { orders: { targets: ["http://orders:1"] } } };
  const routes = (...list: readonly unknown[]) => problems({ ...base, routes: list });

  it.each([
    [
      { path: "/a", upstream: "ordrs" },
      'routes[0].upstream: no upstream "ordrs" is configured; did you mean "orders"?',
    ],
    [{ path: "/a", upstream: "zzz" }, 'routes[0].upstream: no upstream "zzz" is configured: add it to upstreams'],
    [
      { path: "/a", access: { roles: ["amdin"] } },
      'routes[0].access.roles[0]: no role "amdin" is configured: add it to roles; did you mean "admin"?',
    ],
    [
      { path: "/a", access: "pubic" },
      'routes[0].access: expected "public", "optional", "required" or an object with scopes, roles, maxAge, got "pubic"; did you mean "public"?',
    ],
    [{ path: "/a", access: { scope: ["x"] } }, 'routes[0].access.scope: is not an option; did you mean "scopes"?'],
    [{ path: "/a", acess: "public" }, 'routes[0].acess: is not an option; did you mean "access"?'],
    [
      { path: "/a", access: "public", credentials: "session" },
      'routes[0].credentials: a public route reads no credential: use access "optional" or "required", or leave credentials out',
    ],
    [{ path: "a" }, 'routes[0].path: must begin with "/", got "a"'],
    [{ path: "/a*" }, 'routes[0].path: a "*" may stand at the end only'],
    [{ path: "/*/a" }, 'routes[0].path: a "*" may stand at the end only'],
    [{ path: "/a?b" }, "routes[0].path: must not have a query or a fragment"],
    [{ path: "/a//b" }, "routes[0].path: holds //, \\ or an encoded slash"],
    [{ path: "/a%2Fb" }, "routes[0].path: holds //, \\ or an encoded slash"],
    [{ path: "/a/%2e%2e/b" }, "routes[0].path: holds a dot segment"],
    [{ path: "/a/../b" }, "routes[0].path: holds a dot segment"],
    [{ path: "/a;b" }, "routes[0].path: must not have ;parameters"],
    [{ path: "/%61" }, "routes[0].path: write %61 as the character that it stands for"],
    [{ path: "/é" }, "routes[0].path: holds characters that a path must percent-encode"],
    [{ path: "/a", host: "App.example.com" }, "routes[0].host: must be a host name in lower case without a port"],
    [{ path: "/a", host: "app.example.com:443" }, "routes[0].host: must be a host name"],
    [{ path: "/a", methods: ["get"] }, 'routes[0].methods[0]: must be a method in capital letters, such as "GET"'],
    [{ path: "/a", methods: ["TRACE"] }, "routes[0].methods[0]: TRACE is never forwarded"],
    [{ path: "/a", methods: [] }, "routes[0].methods: must name a method"],
    [7, "routes[0]: expected an object, got 7"],
  ])("%j", (route, expected) => {
    const found = routes(route);
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(expected), `${found[0]}\n is not\n${expected}`).toBe(true);
  });

  it("names a route that is there twice, and not one with other methods or another host", () => {
    const path = "/a/*";
    expect(routes({ path }, { path })).toEqual([
      "routes[1].path: routes[0] has the same host and path: remove one of them",
    ]);
    expect(routes({ path, methods: ["GET", "PUT"] }, { path, methods: ["POST", "PUT"] })).toEqual([
      "routes[1].path: routes[0] has the same host, path and method PUT: remove one of them",
    ]);
    expect(routes({ path, methods: ["GET"] }, { path, methods: ["POST"] }, { path, host: "b.example.com" })).toEqual(
      [],
    );
    expect(routes({ path: "/a" }, { path: "/a/*" })).toEqual([]);
  });

  it("takes a percent-encoded character that must be encoded", () => {
    expect(routes({ path: "/caf%C3%A9" })).toEqual([]);
  });
});

describe("all problems at once", () => {
  it("does not let a mistake hide another in the same part", () => {
    const found = problems({
      isuer: issuer,
      tokens: { access: { ttl: "2h", alg: "none" }, refresh: { idle: "x" } },
      upstreams: { orders: {} },
      routes: [{ path: "a", upstream: "ordrs" }, { path: "/b" }, { path: "/b", methods: "GET" }],
    });
    expect(found.map((text) => text.split(":")[0])).toEqual([
      "issuer",
      "tokens.access.ttl",
      "tokens.access.alg",
      "tokens.refresh.idle",
      "upstreams.orders.targets",
      "routes[0].path",
      "routes[2].methods",
      "isuer",
      "routes[0].upstream",
    ]);
  });

  it("never shows a password or a client's secret", () => {
    const text = problems({
      issuer: "https://u:hunter2@x",
      store: "redis://:hunter2@x",
      clients: { c_a: { secretHash: "hunter2" } },
      upstreams: { a: { targets: ["http://u:hunter2@a"] } },
      secret: "hunter2",
    }).join("\n");
    expect(text.split("\n")).toHaveLength(5);
    expect(text).not.toContain("hunter2");
  });
});

describe("what is odd is a warning", () => {
  const upstreams = { a: { targets: ["http://a:1"] } };
  const warnings = (input: Omit<ConfigInput, "issuer">) =>
    parsed({ issuer, upstreams, ...input }).warnings.map(({ path, message }) => `${path}: ${message}`);

  it("names routes under a reserved path", () => {
    const routes = [
      { path: "/auth/login", upstream: "a" },
      { path: "/admin/*", upstream: "a" },
    ];
    expect(warnings({ routes })).toEqual([
      expect.stringMatching(/^routes\[0\]: .*reserve|^routes\[0\]: .*keeps for itself/),
    ]);
    expect(warnings({ routes, admin: { public: true } })).toHaveLength(2);
  });

  it("names routes that cannot be reached", () => {
    const routes = [{ path: "/b" }, { path: "/b", methods: ["GET"] }];
    expect(warnings({ routes })).toEqual([expect.stringMatching(/^routes\[1\]: .*never reached/)]);
  });

  it("names scopes that nobody has, and what was probably meant", () => {
    const roles = { user: { scopes: ["orders:read"] } };
    const routes = [{ path: "/b", access: { scopes: ["orders:raed"] } }];
    expect(warnings({ roles, routes })).toEqual([
      'routes[0].access.scopes[0]: no role and no client has the scope "orders:raed"; did you mean "orders:read"?',
    ]);
  });

  it("names a login page that needs a login itself, or is not there", () => {
    const login = { page: "/login?a=b" };
    const account = { path: "/account/*", upstream: "a", credentials: "session" } as const;
    expect(warnings({ login, routes: [account, { path: "/*", upstream: "a" }] })).toEqual([
      'login.page: "/login?a=b" cannot be seen without a login: the route /* asks for a login first',
    ]);
    expect(warnings({ login, routes: [account] })).toEqual([expect.stringContaining("no route answers it")]);
    expect(warnings({ login, routes: [account, { path: "/login", upstream: "a", access: "public" }] })).toEqual([]);
  });

  it("names public blocks of proxies that are more than one site's, and no others", () => {
    const good = ["10.0.0.0/8", "172.16.0.0/12", "fd00::/8", "203.0.113.0/24", "203.0.113.7", "2001:db8:1::/48"];
    expect(warnings({ trustedProxies: good })).toEqual([]);
    const wide = ["104.16.0.0/13", "172.64.0.0/13", "2606:4700::/32"];
    expect(warnings({ trustedProxies: [...good, ...wide] })).toEqual(
      wide.map((block, index) =>
        expect.stringMatching(`^trustedProxies\\[${good.length + index}\\]: ${block} .*any customer of a CDN`),
      ),
    );
  });

  it("says that each process counts for itself", () => {
    const limits = [{ by: "address" as const, rate: "10/1s" }];
    expect(warnings({ limits })).toEqual([]);
    expect(warnings({ workers: 4 })).toEqual([]);
    expect(warnings({ workers: 4, limits })).toEqual([
      expect.stringMatching(/^workers: .*up to 4 times what they say/),
    ]);
    const routes = [{ path: "/a", upstream: "a", limits }];
    expect(warnings({ workers: "auto", routes })).toEqual([expect.stringMatching(/^workers: .*there are cores/)]);
  });

  it("names a proxy block that is everybody", () => {
    expect(warnings({ trustedProxies: ["0.0.0.0/0"] })).toEqual([
      expect.stringMatching(/^trustedProxies\[0\]: .*everybody/),
    ]);
  });
});

describe("what is good", () => {
  it.each([
    ["sqlite:./data/postern.db", 0],
    ["redis://x", 0],
    ["redis://x/0?node=cluster", 0],
    ["redis://x?sentinel=main", 1],
    ["rediss://x?allowNoAof=true&cluster=true", 1],
  ])("a revocation in %s waits for %i replicas unless told", (store, replicas) => {
    expect(parsed({ issuer, store }).config.revocation.minReplicas).toBe(replicas);
    expect(parsed({ issuer, store, revocation: { minReplicas: 2 } }).config.revocation.minReplicas).toBe(2);
  });

  it("has the defaults of the contract", () => {
    const { config, warnings } = parsed({ issuer });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      origin: issuer,
      audience: issuer,
      listen: { host: "127.0.0.1", port: 8080 },
      operations: { listen: { host: "127.0.0.1", port: 9464 } },
      admin: { public: false },
      store: { kind: "sqlite", file: "./data/postern.db" },
      tokens: { access: { ttl: 300_000, alg: "ES256" } },
      sessions: { grace: 15_000, idle: 14 * 86_400_000, absolute: 90 * 86_400_000, maxPerUser: 100 },
      revocation: { maxStaleness: 60_000, minReplicas: 0 },
      passwords: { minLength: 15, memory: 19_456, iterations: 2, parallelism: 1 },
      registration: false,
      login: { page: null, limits: { perAccount: { attempts: 10, window: 900_000 }, perAddress: { attempts: 100 } } },
      audit: { keep: 30 * 86_400_000, max: 1_000_000 },
      log: { access: false },
    });
  });

  it("turns the short forms of access into rules", () => {
    const access = ["public", "optional", "required", {}, { scopes: ["s"], maxAge: "10m" }] as const;
    const { config } = parsed({
      issuer,
      routes: access.map((rule, index) => ({
        path: `/${index}`,
        access: typeof rule === "object" && "scopes" in rule ? { ...rule, scopes: [...rule.scopes] } : rule,
      })),
    });
    const required = { kind: "required", scopes: [], roles: [], maxAge: null };
    expect(config.routes.map((route) => route.access)).toEqual([
      { kind: "public" },
      { kind: "optional" },
      required,
      required,
      { ...required, scopes: ["s"], maxAge: 600_000 },
    ]);
  });

  it("needs a credential where a route says nothing", () => {
    expect(parsed({ issuer, routes: [{ path: "/a" }] }).config.routes[0]).toEqual({
      host: null,
      path: "/a",
      methods: null,
      access: { kind: "required", scopes: [], roles: [], maxAge: null },
      upstream: null,
      credentials: "bearer",
      onStale: "refuse",
      forwardAuthorization: false,
      allowAmbiguousPath: false,
      websocket: false,
      streams: "session",
      limits: [],
      cors: parsed({ issuer }).config.cors,
      maxBody: null,
      rewrite: null,
      requestHeaders: null,
      responseHeaders: null,
    });
  });

  it.each(["http://localhost:8080", "http://127.0.0.1", "http://[::1]:1", "https://a.example/tenant"])(
    "takes the issuer %s",
    (good) => {
      expect(problems({ issuer: good })).toEqual([]);
    },
  );

  it("takes addresses for proxies and the store of the environment", () => {
    const result = parseConfig(
      { issuer, trustedProxies: ["10.1.2.3", "::1", "fd00::/8"] },
      { kind: "redis", url: "redis://x" },
    );
    expect(result.ok && result.config.trustedProxies).toEqual(["10.1.2.3/32", "::1/128", "fd00::/8"]);
    expect(result.ok && result.config.store).toEqual({ kind: "redis", url: "redis://x" });
  });

  it("gives Redis less time than a file, unless told", () => {
    const timeout = (input: object, url: string | null): unknown => {
      const result = parseConfig({ issuer, ...input }, url === null ? undefined : { kind: "redis", url });
      return result.ok && result.config.storeTimeout;
    };
    expect(timeout({}, null)).toBe(1_000);
    expect(timeout({}, "redis://x")).toBe(150);
    expect(timeout({ store: "redis://x" }, null)).toBe(150);
    expect(timeout({ storeTimeout: "2s" }, "redis://x")).toBe(2_000);
  });
});
