import type { GatewayKind } from "./kinds.ts";

interface Inside {
  readonly on: readonly GatewayKind[];
  /** What the file reaches for. */
  readonly why: string;
}

const SQLITE: readonly GatewayKind[] = ["node-sqlite"];
const NODE: readonly GatewayKind[] = ["node-sqlite", "node-redis"];
const TRANSPORT = "drives Node's transport with a gateway that has no store";
const ENDPOINTS = "drives the endpoints without a transport";
const METRICS = "a Worker has no /metrics";
const STAND_INS = "puts something between the gateway and its store or its hashing";

/** Files that reach inside a gateway, and so run on some kinds only. */
export const INSIDE: Readonly<Record<string, Inside>> = {
  "test/attacks/leak-database.test.ts": { on: SQLITE, why: "reads the database's files" },
  "test/attacks/login-trail.test.ts": { on: SQLITE, why: "reads the database's files" },
  "test/attacks/password-hash.test.ts": { on: SQLITE, why: "puts hashes into the database by SQL" },
  "test/attacks/refresh-ahead.test.ts": { on: SQLITE, why: "puts records back by SQL" },
  "test/attacks/revocation-store-down.test.ts": { on: SQLITE, why: "locks the database" },
  "test/http/forward-auth-store-down.test.ts": { on: SQLITE, why: "locks the database" },
  "test/http/upstream-restart.test.ts": { on: SQLITE, why: TRANSPORT },
  "test/http/proxy-large-bodies.test.ts": { on: SQLITE, why: TRANSPORT },
  "test/http/proxy-listener.test.ts": { on: SQLITE, why: TRANSPORT },
  "test/attacks/cookie-attributes.test.ts": { on: NODE, why: "drives Node behind a TLS terminator" },
  "test/http/client-connections.test.ts": { on: SQLITE, why: TRANSPORT },
  "test/http/websocket-stalls.test.ts": { on: SQLITE, why: TRANSPORT },
  "test/http/proxy-strictness.test.ts": { on: SQLITE, why: "is about what Node's parser lets through" },
  "test/http/proxy-streams.test.ts": { on: SQLITE, why: "is about the frames and resets that Node's transport writes" },
  "test/http/upstream-failures.test.ts": { on: SQLITE, why: TRANSPORT },
  "test/http/upstream-targets.test.ts": { on: SQLITE, why: TRANSPORT },
  "test/http/upstream-tls.test.ts": { on: SQLITE, why: TRANSPORT },
  "test/http/admin.test.ts": { on: SQLITE, why: ENDPOINTS },
  "test/http/oauth.test.ts": { on: SQLITE, why: ENDPOINTS },
  "test/http/oauth-metadata.test.ts": { on: SQLITE, why: ENDPOINTS },
  "test/attacks/error-injected-faults.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/error-leaks.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/error-oauth.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/error-problem-documents.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/login-abandoned.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/login-enumeration.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/login-flood.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/login-guessing.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/token-unknown-key.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/login-default-accounts.test.ts": {
    on: NODE,
    why: "has no admin token, without which a Worker has no commands",
  },
  "test/attacks/token-key-rotation.test.ts": { on: NODE, why: "starts a second gateway on the store of the first" },
  "test/attacks/token-weak-key.test.ts": { on: NODE, why: "starts a second gateway on the store of the first" },
  "test/attacks/login-path-spellings.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/password-length.test.ts": { on: NODE, why: STAND_INS },
  "test/attacks/proxy-pipelined-upgrade.test.ts": {
    on: NODE,
    why: "is about how Node's HTTP server ends a connection",
  },
  "test/attacks/refresh-token-randomness.test.ts": {
    on: NODE,
    why: "logs in thousands of times, with next to no hashing",
  },
  "test/attacks/rate-limit-evasion.test.ts": { on: NODE, why: "asks the decision itself, a hundred thousand times" },
  "test/attacks/token-cache.test.ts": { on: NODE, why: "asks ten thousand times, which takes workerd minutes" },
  "test/http/metrics.test.ts": { on: NODE, why: METRICS },
};

/** By file and full name of a test: why it does not hold. It is run all the same, and must fail, so that no entry outlives its reason. */
export type Differences = Readonly<Record<string, Readonly<Record<string, string>>>>;

const URLS =
  "the platform resolves dot segments and backslashes before the Worker sees a path; what it sees is what is judged and sent";
const HEADS = "the platform has a bound of its own on what a request's head may hold";
const PARSER = "the platform answers by itself what is no request";
const LINES = "the platform makes one line of several, and drops empty ones";

const CASE = "the platform writes lines in an order and a case of its own, and some of its own beside them";
const HOST = "the platform tells of Host, and not of another authority in the target";
const BROKEN = "the platform says the same of a client that breaks off as of a service";
const INTERIM = "the platform keeps interim responses back";

/** Both Workers have the same platform under them. */
const WORKER: Differences = {
  "test/attacks/browser-headers.test.ts": {
    "what the parser refuses: no HTTP at all": PARSER,
    "what the parser refuses: a header without a colon": PARSER,
    "what the parser refuses: two lengths": PARSER,
    "what the parser refuses: too long a head": HEADS,
    "what the parser refuses: two Hosts": PARSER,
  },
  "test/attacks/cors-preflight.test.ts": {
    "64 kB of spaces: answered, not echoed": HEADS,
  },
  "test/attacks/error-malformed-input.test.ts": {
    "heads that do not end, or hold too much": HEADS,
  },
  "test/attacks/login-addresses.test.ts": {
    "from a peer that is no trusted proxy nothing counts of X-Forwarded-For, nor of cf-connecting-ip":
      "the local platform believes the header that Cloudflare sets itself",
  },
  "test/attacks/proxy-path-climb.test.ts": {
    "/files/x%2fy/../../admin/users is refused": URLS,
    "/files/x%2Fy%2Fz/../../../admin/users is refused": URLS,
    "/files/x%5cy/../../admin/users is refused": URLS,
    "/files/x%00/../../admin/users is refused": URLS,
    "/files/%2e%2e/files/%2e%2e/admin is refused": URLS,
    "/files/../admin/users is refused": URLS,
    "/files/x\\y/../../admin/users is refused": URLS,
    "/files/y//../../admin/users is refused": URLS,
    "/files/x;%2f../../admin/users is refused": URLS,
    "/files/x%u002f../../admin/users is refused": URLS,
    "/files/a\\b is what the route is for": URLS,
    "/files/a/../b is what the route is for": URLS,
  },
  "test/attacks/proxy-path-drift.test.ts": {
    "many spellings > what passes is not touched": URLS,
    "/a/./b is refused": URLS,
    "/a\\b is refused": URLS,
    "/a/../b is refused": URLS,
    "/a/%2e%2e/b is refused": URLS,
    "/a/. is refused": URLS,
    "/a/.. is refused": URLS,
    '/a?"<> arrives byte for byte': URLS,
  },
  "test/attacks/proxy-target-choice.test.ts": {
    "GET *": PARSER,
    "by two Hosts": PARSER,
    "CONNECT opens no tunnel": PARSER,
  },
  "test/attacks/token-credential-scheme.test.ts": {
    "another scheme first: refused, on an optional route too": LINES,
    "an empty line first: refused, on an optional route too": LINES,
  },
  "test/attacks/token-key-name-injection.test.ts": {
    "a kid of a hundred kilobytes is not read to its end": HEADS,
  },
  "test/attacks/token-size-and-parts.test.ts": {
    "a head of more than 16 KiB is not read to its end": HEADS,
  },
  "test/http/proxy-authority.test.ts": {
    'requests that go no further > "OPTIONS * HTTP/1.1\\r\\n"': PARSER,
    "who the request is for > the authority of an absolute target decides, and no upstream but ours is asked": HOST,
    'who the request is for > a rule for a host holds, in absolute form too: "GET http://admin.example/ HTTP/1.1\\r\\nHost: app\\r\\n"':
      HOST,
    'who the request is for > a rule for a host holds, in absolute form too: "GET http://ADMIN.example?x HTTP/1.0\\r\\n"':
      PARSER,
    "who the request is for > HTTP/1.0 without Host is served, and its connection ends": PARSER,
  },
  "test/http/proxy-bodies.test.ts": {
    "request bodies > GET with a body is forwarded whole": "fetch sends no body with GET",
    "request bodies > HEAD with a body is forwarded whole": "fetch sends no body with HEAD",
    "request bodies > a length that is never reached: 400, and told of as the client's fault": BROKEN,
    "request bodies > a missing last chunk: 400, and told of as the client's fault": BROKEN,
    "request bodies > a bad chunk size: 400, and told of as the client's fault": BROKEN,
    "request bodies > what is no chunk to an endpoint of ours: 400, before that is asked": BROKEN,
    "request bodies > behind an answer that is still to come, 400 waits for it": BROKEN,
    "response bodies > to HTTP/1.0, where the end of the connection would be the end of the body, it is a reset":
      "the platform ends what it answers to HTTP/1.0 as it always does",
  },
  "test/http/proxy-forwarding.test.ts": {
    "what reaches the upstream > a whole request, in bytes": CASE,
    "what reaches the upstream > /lax/a/./b arrives byte for byte": URLS,
    "what reaches the upstream > /public/../a is refused and reaches nobody": URLS,
    "what reaches the upstream > /public/%2e%2e/a is refused and reaches nobody": URLS,
    "what comes back > the response as it is, Set-Cookie lines apart, ours left out": CASE,
    "what comes back > a reason phrase that is not ASCII is replaced": "the platform reads header values as UTF-8",
    "an upstream that fails > a flood of interim responses: 502": INTERIM,
  },
  "test/http/proxy-messages.test.ts": {
    "interim responses (RFC 9110 §15.2) > arrive before the response, without what belongs to one connection or sets cookies":
      INTERIM,
    "interim responses (RFC 9110 §15.2) > never go to HTTP/1.0": "the platform answers HTTP/1.0 in HTTP/1.0",
    "fields that are the two ends' own > requests: conditions, ranges, codings and repeated lines as they came": CASE,
    "fields that are the two ends' own > responses: parts, codings and challenges as they came": CASE,
    "fields that are the two ends' own > a response without Date gets one, and one that has it keeps it (RFC 9110 §6.6.1)":
      "the platform's edge writes Date, and the local one does not",
    "Via (RFC 9110 §7.6.3) > names who was passed, in order, with the version that each was spoken to in": LINES,
  },
  "test/http/proxy-websocket.test.ts": {
    "refusals come before the upstream is asked > with two Hosts: 400": PARSER,
    "refusals come before the upstream is asked > by POST it is an ordinary request":
      "the platform makes GET of whatever asks for a WebSocket, and that is judged and sent",
  },
  "test/http/route-rewriting.test.ts": {
    "the path that is sent > for /plain/../x is none": URLS,
    "the path that is sent > for /plain/%2e%2e/x is none": URLS,
    "the path that is sent > for /plain\\evil is none": URLS,
    "headers that are removed stay behind in interim responses too": INTERIM,
  },
  "test/http/upstream-faults.test.ts": {
    "more than a response may be > 10,000 cookies: 502": "the platform bounds the size of a head, and not its lines",
  },
  "test/http/rate-limits.test.ts": {
    "what is refused is counted by route": METRICS,
  },
};

export const DIFFERENCES: Readonly<Record<GatewayKind, Differences>> = {
  "node-sqlite": {},
  "node-redis": {},
  "worker-sqlite": WORKER,
  "worker-redis": WORKER,
};

/** The files that are not for this kind. */
export const filesElsewhere = (kind: GatewayKind): string[] =>
  Object.entries(INSIDE).flatMap(([file, { on }]) => (on.includes(kind) ? [] : [file]));
