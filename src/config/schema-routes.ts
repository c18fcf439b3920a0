import { z } from "zod";
import { didYouMean } from "./closest.ts";
import { refuseHost, refuseMethod, refuseRole, refuseRoutePath, refuseScope } from "./names.ts";
import { readRate } from "./rate.ts";
import { cors } from "./schema-cors.ts";
import { REWRITING } from "./schema-rewriting.ts";
import { converted, duration, flag, group, list, oneOf, quote, size, text, whole } from "./values.ts";

export const scopeList = () => list(text("a scope", refuseScope), "scopes");
export const roleList = () => list(text("the name of a role", refuseRole), "roles");

const accessRule = group({
  scopes: scopeList().prefault([]).describe("Every one of these scopes is needed."),
  roles: roleList().prefault([]).describe("One of these roles is needed."),
  maxAge: duration("1s", "400d")
    .optional()
    .describe("How old the last login may be; an older one is asked to log in again (RFC 9470)."),
});

const accessExpected = '"public", "optional", "required" or an object with scopes, roles, maxAge';
const ACCESS_WORDS = ["public", "optional", "required"] as const;
const access = z.union([z.enum(ACCESS_WORDS), accessRule], {
  error: ({ input }) =>
    `expected ${accessExpected}, got ${quote(input)}${typeof input === "string" ? didYouMean(input, ACCESS_WORDS) : ""}`,
});

const limit = group({
  by: oneOf(["address", "user", "client"]).describe(
    "Whose requests are counted together: those from one address (IPv6 by /64), before authentication; or after it those of one user (or of a client that acts for itself), or those by one client's tokens. The last two count nobody who is not authenticated.",
  ),
  rate: converted('a rate such as "100/1m" or "10/1s"', readRate).describe(
    "Requests in a time of at most a day: after `burst` requests at once, one more whenever its share of the time has gone by.",
  ),
  burst: whole(1, 1_000_000).optional().describe("Requests that may come at once. Default: as many as `rate` names."),
});

export const limits = () =>
  z
    .array(limit, { error: ({ input }) => `expected a list of limits, got ${quote(input)}` })
    .prefault([])
    .meta({ title: "a list of limits" });

export const ROUTE = {
  host: text("a host name", refuseHost).optional().describe("Only for this host; without it for every host."),
  path: text("a path", refuseRoutePath).describe(
    "Exact (`/a`), or a prefix (`/a/*`, which also matches `/a`). The most specific route wins, whatever the order.",
  ),
  methods: list(text("a method", refuseMethod), "methods")
    .min(1, { error: "must name a method; leave it out for every method" })
    .optional()
    .describe(
      "Only these methods; others are answered 405 and never fall to a less specific route. `GET` allows `HEAD` too, unless another route of that path names `HEAD`.",
    ),
  access: access
    .prefault("required")
    .meta({ title: accessExpected })
    .describe(
      "`public` reads no credential and adds no identity; `optional` adds identity for a good token and refuses a bad one; `required`, or an object, refuses without.",
    ),
  upstream: z
    .string({ error: "expected the name of an upstream" })
    .meta({ title: "the name of an upstream" })
    .optional()
    .describe("Where requests go. A route without one is for forward auth only."),
  credentials: oneOf(["bearer", "session"])
    .prefault("bearer")
    .describe("`bearer`: an access token in `Authorization`. `session`: cookies, for server-rendered applications."),
  onStale: oneOf(["refuse", "serve"])
    .prefault("refuse")
    .describe("What to do while the revocation view is older than `revocation.maxStaleness`: 503, or go on."),
  forwardAuthorization: flag().prefault(false).describe("Pass the client's `Authorization` header to the upstream."),
  allowAmbiguousPath: flag()
    .prefault(false)
    .describe("Pass paths with `%2f`, `%5c`, `\\`, `//` or dot segments instead of answering 400."),
  websocket: flag().prefault(false).describe("Let WebSocket connections through."),
  streams: oneOf(["session", "token"])
    .prefault("session")
    .describe(
      "How long WebSockets and event streams may last: as long as the session that they were opened under, or as long as the token.",
    ),
  limits: limits().describe("How many requests are let through; others are answered 429. All of the limits hold."),
  cors,
  maxBody: size("1B", "1024GiB")
    .optional()
    .describe("How long a request's body may be; a longer one is answered 413. Without it there is no bound."),
  ...REWRITING,
};

export const route = group(ROUTE);
