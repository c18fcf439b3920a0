import { z } from "zod";
import { ALGORITHMS } from "../protocol/claims.ts";
import { IDENTITY_HEADERS } from "../protocol/names.ts";
import {
  refuseClientId,
  refuseFieldName,
  refuseLocalPage,
  refuseReservedPath,
  refuseRole,
  refuseSecretHash,
  refuseUpstreamName,
} from "./names.ts";
import { readCidr, readListen, readStore, refuseIssuer, refuseOrigin } from "./network.ts";
import { limits, roleList, route, scopeList } from "./schema-routes.ts";
import { isPem, upstream } from "./schema-upstreams.ts";
import { converted, duration, flag, group, list, named, oneOf, size, text, whole } from "./values.ts";

const listen = () => converted('an address such as "127.0.0.1:8080" or "[::1]:8080"', readListen);
const reservedPath = () => text("a path prefix", refuseReservedPath);
const header = (of: keyof typeof IDENTITY_HEADERS, what: string) =>
  text("a header name", refuseFieldName).prefault(IDENTITY_HEADERS[of]).describe(what);
const attempts = (count: number, whose: string) =>
  group({
    attempts: whole(1, 1_000_000).prefault(count).describe(`Failed logins ${whose} in a window.`),
    window: duration("1s", "7d").prefault("15m").describe("How long a failed login counts."),
  }).prefault({});

const pemFile = (expected: string) =>
  text(expected, (value) => {
    if (value === "") return "must not be empty";
    return isPem(value) ? "must be the name of a file" : null;
  });

const registration = z
  .union([flag(), group({ roles: roleList().prefault([]).describe("Roles that whoever registers gets.") })], {
    error: "expected true, false or an object with roles",
  })
  .prefault(false)
  .meta({ title: "true, false or an object with roles" })
  .describe("Let anybody make an account at `POST /auth/register`.");

const workers = z
  .union([whole(1, 64), z.literal("auto")], { error: 'expected a whole number, 1 to 64, or "auto"' })
  .prefault(1)
  .meta({ title: 'a whole number, 1 to 64, or "auto"' })
  .describe('Processes that serve, each on a core of its own; `"auto"`: as many as there are cores.');

/** The configuration file. Descriptions become docs/configuration.md and the JSON schema; `title` says what a value looks like. */
export const SHAPE = {
  issuer: text('the public URL of this gateway, such as "https://app.example.com"', refuseIssuer).describe(
    "The public URL of this gateway: the `iss` of every token, and the origin that browsers use. https, or http on loopback only; no trailing slash.",
  ),
  audience: z
    .string({ error: "expected the aud of access tokens" })
    .min(1, { error: "must not be empty" })
    .max(500, { error: "must be at most 500 characters" })
    .meta({ title: "text" })
    .optional()
    .describe("The `aud` of access tokens. Default: the issuer."),
  listen: listen().prefault("127.0.0.1:8080").describe("Where the main listener binds. Port 0 takes any free one."),
  tls: group({
    cert: pemFile("a PEM file").describe("The certificate, with its chain."),
    key: pemFile("a PEM file").describe("Its private key."),
  })
    .optional()
    .describe(
      "TLS 1.2 and 1.3 on the main listener. Without it something in front speaks TLS. Files are read again when they change.",
    ),
  operations: group({
    listen: listen()
      .prefault("127.0.0.1:9464")
      .describe("Where probes, metrics and the admin API listen. Keep it away from the public."),
  })
    .prefault({})
    .describe("The operations listener: `/healthz`, `/readyz`, `/metrics` and `/admin`."),
  admin: group({
    public: flag().prefault(false).describe("Serve the admin API on the main listener too, under `paths.admin`."),
  })
    .prefault({})
    .describe("The admin API, which needs the role `admin` or the admin token."),
  paths: group({
    auth: reservedPath().prefault("/auth").describe("Login, refresh, logout, sessions, forward auth."),
    oauth: reservedPath().prefault("/oauth").describe("The OAuth 2 endpoints."),
    admin: reservedPath().prefault("/admin").describe("The admin API, where `admin.public` is on."),
  })
    .prefault({})
    .describe("Where Postern's own endpoints live on the main listener."),
  store: converted('"sqlite:FILE", "redis://HOST:PORT" or "rediss://HOST:PORT"', readStore, true)
    .prefault("sqlite:./data/postern.db")
    .describe(
      "Where users, sessions, keys and revocations live. A file is relative to the configuration file. A URL with a password belongs in the environment: `POSTERN_STORE`.",
    ),
  tokens: group({
    access: group({
      ttl: duration("1s", "1h").prefault("5m").describe("How long an access token lives."),
      alg: oneOf(ALGORITHMS).prefault("ES256").describe("The signature algorithm of new signing keys."),
    })
      .prefault({})
      .describe("Access tokens."),
    refresh: group({
      grace: duration("1s", "5m")
        .prefault("15s")
        .describe("How long a refresh token that has just been renewed is still answered with its successor."),
      idle: duration("1m", "400d").prefault("14d").describe("A session that is not used for this long ends."),
      absolute: duration("1m", "400d").prefault("90d").describe("A session ends this long after its login."),
    })
      .prefault({})
      .describe("Refresh tokens, and the lifetimes of the sessions behind them."),
    keys: group({
      rotateEvery: duration("1m", "400d").prefault("30d").describe("How long a signing key signs."),
      publishAhead: duration("1s", "7d")
        .prefault("1h")
        .describe("How long a new key is published before it signs, so that every verifier can know it."),
    })
      .prefault({})
      .describe("Signing keys."),
  })
    .prefault({})
    .describe("Tokens and the keys that sign them."),
  sessions: group({
    maxPerUser: whole(1, 10_000).prefault(100).describe("One more login ends the session that was idle longest."),
    dataMax: size("1KiB", "1MiB").prefault("16KiB").describe("Size of a session's data (`/auth/session/data`)."),
  })
    .prefault({})
    .describe("How many sessions a user may have, and what a session may hold."),
  revocation: group({
    maxStaleness: duration("1s", "1h")
      .prefault("60s")
      .describe(
        "A gateway that has not caught up with revocations for this long refuses, unless a route says otherwise.",
      ),
    minReplicas: whole(0, 10)
      .optional()
      .describe(
        "Replicas that must have a revocation before it is acknowledged (Redis). Default 1 with Sentinel or Cluster, else 0.",
      ),
    maxFollowers: whole(0, 100_000)
      .prefault(1000)
      .describe("Services that may follow `/auth/revocations` at once, in each process; above that 503."),
  })
    .prefault({})
    .describe("How revocations reach the gateways."),
  passwords: group({
    minLength: whole(8, 64)
      .prefault(15)
      .describe(
        "Characters that a new password needs at least. 15 where the password is the only factor (NIST SP 800-63B).",
      ),
    memory: size("19MiB", "1GiB").prefault("19MiB").describe("Memory of one argon2id hash."),
    iterations: whole(2, 20).prefault(2).describe("Passes of argon2id."),
    parallelism: whole(1, 16).prefault(1).describe("Lanes of argon2id."),
    concurrency: whole(1, 64).prefault(2).describe("Hashes at once."),
    queue: whole(0, 10_000).prefault(64).describe("Hashes that may wait; above that logins are answered 503."),
  })
    .prefault({})
    .describe("Passwords and how they are hashed (argon2id)."),
  registration,
  login: group({
    page: text("a path on this site", refuseLocalPage)
      .optional()
      .describe('Where a page load without a session is sent, on routes with `credentials: "session"`. Default: 401.'),
    origin: text("an origin", refuseOrigin)
      .optional()
      .describe(
        "Workers only: logins, and whatever else hashes a password, are handed to a gateway on Node at this origin, over the same store. It has this gateway among its `trustedProxies`.",
      ),
    returnTo: list(text("a URL", refuseReturnTo), "URLs")
      .prefault([])
      .describe("Absolute URLs that `return_to` may name after login and logout, besides paths on this site."),
    limits: group({
      perAccount: attempts(10, "for one account").describe("Per account."),
      perAddress: attempts(100, "from one address").describe("Per address; IPv6 by /64."),
    })
      .prefault({})
      .describe("How many failed logins are let through."),
  })
    .prefault({})
    .describe("Where logins come from and go to, and how many may fail."),
  cors: group({
    origins: list(text("an origin", refuseOrigin), "origins")
      .prefault([])
      .describe("Origins of single-page applications on other hosts: exactly these may call with credentials."),
  })
    .prefault({})
    .describe("Single-page applications on other origins."),
  trustedProxies: list(converted('a CIDR block such as "10.0.0.0/8"', readCidr), "CIDR blocks")
    .prefault([])
    .describe(
      "Proxies in front of Postern. Only their `Forwarded`, `X-Forwarded-*` and forward-auth headers are believed.",
    ),
  roles: named(
    group({ scopes: scopeList().prefault([]).describe("Scopes that users with this role get.") }),
    "roles",
    refuseRole,
  )
    .prefault({})
    .describe("Roles that users can have. Whoever has `admin` may use the admin API."),
  clients: named(
    group({
      secretHash: text('"sha256:" and the base64url of the secret\'s SHA-256', refuseSecretHash, true).describe(
        "`sha256:` and the base64url of the SHA-256 of the client's secret. `postern clients add` makes a client without configuration.",
      ),
      scopes: scopeList().prefault([]).describe("Scopes that it can get by `client_credentials`."),
    }),
    "clients",
    refuseClientId,
  )
    .prefault({})
    .describe("Services that get tokens with a secret of their own."),
  identityHeaders: group({
    user: header("user", "The user's id, or the client's."),
    name: header("name", "The user's name."),
    session: header("session", "The session's id."),
    roles: header("roles", "The user's roles."),
    scope: header("scope", "The token's scopes."),
    identity: header("identity", "The signed assertion for this upstream."),
  })
    .prefault({})
    .describe("Headers that carry the verified identity to upstreams. They are stripped from what comes in."),
  upstreams: named(upstream, "upstreams", refuseUpstreamName).prefault({}).describe("The services behind the gateway."),
  routes: z
    .array(route, { error: "expected a list of routes" })
    .prefault([])
    .meta({ title: "a list of routes" })
    .describe("Which requests may pass, and where they go. What no route matches is answered 404."),
  limits: limits().describe("How many requests are let through, counted over all routes together."),
  audit: group({
    keep: duration("1h", "3650d").prefault("30d").describe("How long a record is kept."),
    max: whole(1000, 100_000_000).prefault(1_000_000).describe("How many records are kept."),
  })
    .prefault({})
    .describe("The audit trail, which `postern audit` shows."),
  log: group({
    level: oneOf(["error", "warn", "info", "debug"]).prefault("info").describe("What is logged."),
    access: flag().prefault(false).describe("One line for every request."),
  })
    .prefault({})
    .describe("Logs: JSON lines on standard output, without tokens and passwords."),
  workers,
  shutdown: group({
    delay: duration("0s", "5m")
      .prefault("0s")
      .describe(
        "After SIGTERM: how long requests are still taken while `/readyz` is 503 and connections end with their next answer, so that load balancers turn away.",
      ),
    drain: duration("0s", "1h")
      .prefault("10s")
      .describe("Then: how long requests, uploads and streams under way may take to end before they are cut."),
  })
    .prefault({})
    .describe("How the gateway ends."),
  connections: group({
    max: whole(10, 1_000_000)
      .prefault(20_000)
      .describe(
        "How many may be open. At more, those close that have waited for a request the longest; where none does, new ones are refused.",
      ),
    sendTimeout: duration("1s", "1h")
      .prefault("60s")
      .describe("After how long a client is let go that takes nothing of its answer, or either side of a WebSocket."),
  })
    .prefault({})
    .describe("Connections of clients, on each listener of each process. On Workers they are the platform's business."),
  maxBody: size("1KiB", "1MiB").prefault("64KiB").describe("Largest body that Postern's own endpoints read."),
  storeTimeout: duration("50ms", "30s")
    .optional()
    .describe("How long a call to the store may take before 503. Without it: 1s, with Redis 150ms."),
};

export const SCHEMA = group(SHAPE);

/** What a configuration file may hold. */
export type ConfigInput = z.input<typeof SCHEMA>;
export type ParsedInput = z.output<typeof SCHEMA>;

function refuseReturnTo(value: string): string | null {
  const origin = URL.canParse(value) ? new URL(value).origin : "";
  const problem = refuseOrigin(origin);
  if (problem !== null) return 'must be an absolute https URL, such as "https://app.example.com/after-login"';
  return new URL(value).username === "" && !value.includes("#") ? null : "must not hold a user name or a fragment";
}
