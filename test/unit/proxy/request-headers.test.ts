import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allHeaders, type HeaderList } from "../../../src/lib/header-list.ts";
import { ACCESS_COOKIE, IDENTITY_HEADERS, REFRESH_COOKIE } from "../../../src/protocol/names.ts";
import { createRequestHeaders, type ForwardedRequest, hasLooped } from "../../../src/proxy/request-headers.ts";
import { route } from "../routing/routes.ts";

const forward = createRequestHeaders({
  identityNames: Object.values(IDENTITY_HEADERS),
  pseudonym: "postern-1",
  scheme: "https",
});
const REQUIRED = { kind: "required", scopes: [], roles: [], maxAge: null } as const;

const ROUTE = route("/a", { access: REQUIRED });

const send = (headers: HeaderList, more: Partial<ForwardedRequest> = {}): string[] =>
  forward({
    method: "GET",
    headers,
    httpVersion: "1.1",
    route: ROUTE,
    peer: "203.0.113.9",
    peerTrusted: false,
    identity: [],
    ...more,
  });
const values = (headers: HeaderList, name: string) => allHeaders(headers, name);

describe("hop-by-hop fields", () => {
  test("what Connection names goes, and so do the fields about the connection", () => {
    const out = send([
      ...["Connection", "close, X-Private", "X-Private", "1", "Keep-Alive", "timeout=5", "TE", "trailers"],
      ...[
        "Transfer-Encoding",
        "chunked",
        "Upgrade",
        "h2c",
        "HTTP2-Settings",
        "x",
        "Trailer",
        "X",
        "Expect",
        "100-continue",
      ],
      ...[
        "Proxy-Connection",
        "keep-alive",
        "Proxy-Authorization",
        "Basic x",
        "Host",
        "a",
        "Content-Length",
        "1",
        "X-Kept",
        "2",
      ],
    ]);
    expect(out.slice(0, 2)).toEqual(["X-Kept", "2"]);
    expect(out[2]).toBe("Via");
  });

  test("a client cannot have what we add removed", () => {
    const connection = "close, X-Auth-User, X-Forwarded-For, Via, X-Request-Id, Authorization, Cookie";
    const out = send(["Connection", connection, "X-Auth-User", "root", "Cookie", "a=1"], {
      identity: ["X-Auth-User", "u_1"],
    });
    expect(values(out, "x-auth-user")).toEqual(["u_1"]);
    expect(values(out, "x-forwarded-for")).toEqual(["203.0.113.9"]);
    expect(values(out, "via")).toEqual(["1.1 postern-1"]);
    expect(values(out, "cookie")).toEqual([]);
  });
});

describe("identity", () => {
  test.each(["X-Auth-User", "x-auth-user", "X_AUTH_USER", "x-Auth_user", "X-AUTH-IDENTITY", "X_Auth_Roles"])(
    "%s of a client never arrives, on public routes neither",
    (name) => {
      const out = send([name, "root"], { route: { ...ROUTE, access: { kind: "public" } } });
      expect(out.join("\n")).not.toContain("root");
    },
  );

  test("any name with an underscore is dropped", () => expect(send(["X_Other", "secret"])).not.toContain("secret"));
});

describe("credentials", () => {
  test("Authorization goes on only where the route is public or says so", () => {
    const headers = ["Authorization", "Bearer t"];
    expect(values(send(headers), "authorization")).toEqual([]);
    for (const more of [{ access: { kind: "public" } as const }, { forwardAuthorization: true }]) {
      expect(values(send(headers, { route: { ...ROUTE, ...more } }), "authorization")).toEqual(["Bearer t"]);
    }
    const optional = { ...ROUTE, access: { kind: "optional" } as const };
    expect(values(send(headers, { route: optional }), "authorization")).toEqual([]);
  });

  test.each([
    [`${REFRESH_COOKIE}=x`, []],
    [`a=1; ${REFRESH_COOKIE}=x; b=2`, ["a=1; b=2"]],
    [`${REFRESH_COOKIE}=x;  b=2`, ["b=2"]],
    [`a=1;${ACCESS_COOKIE}=x`, ["a=1"]],
    [`a="1; ${REFRESH_COOKIE}=x; b=2"`, ['a="1; b=2"']],
    [`${REFRESH_COOKIE} =x; ${REFRESH_COOKIE}=y`, []],
    [`x${REFRESH_COOKIE}=1;  c="a b" ; =;`, [`x${REFRESH_COOKIE}=1;  c="a b" ; =;`]],
    ["a=1;; b = 2 ;c", ["a=1;; b = 2 ;c"]],
  ])("Cookie: %s arrives as %j", (line, expected) => {
    expect(values(send(["Cookie", line]), "cookie")).toEqual(expected);
  });

  test("a token offered as a WebSocket subprotocol stays here, also over several lines", () => {
    const name = "Sec-WebSocket-Protocol";
    expect(values(send([name, "chat, postern.bearer, tok", name, "v2"]), "sec-websocket-protocol")).toEqual([
      "chat, v2",
    ]);
    expect(values(send([name, "postern.bearer", name, "tok, chat"]), "sec-websocket-protocol")).toEqual(["chat"]);
    expect(values(send([name, "postern.bearer, tok"]), "sec-websocket-protocol")).toEqual([]);
  });
});

describe("where a request came from", () => {
  const claims = [
    ...[
      "X-Forwarded-For",
      "1.1.1.1",
      "X-Forwarded-Proto",
      "gopher",
      "X-Forwarded-Host",
      "evil",
      "Forwarded",
      "for=1.1.1.1",
    ],
    ...["X-Real-IP", "1.1.1.1", "X-Forwarded-Uri", "/public", "X-Forwarded-Method", "GET", "X-Original-URL", "/public"],
    ...["X-Request-Id", "mine", "traceparent", `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, "tracestate", "v=1"],
  ];

  test("a client is not believed", () => {
    const out = send(["Host", "app.example", ...claims]);
    expect(values(out, "x-forwarded-for")).toEqual(["203.0.113.9"]);
    expect(values(out, "x-forwarded-proto")).toEqual(["https"]);
    expect(values(out, "x-forwarded-host")).toEqual(["app.example"]);
    expect(values(out, "x-request-id")[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(values(out, "traceparent")[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    for (const lie of ["1.1.1.1", "gopher", "evil", "/public", "mine", "v=1", "a".repeat(32)]) {
      expect(out.join("\n")).not.toContain(lie);
    }
  });

  test("a trusted proxy is, and is added to", () => {
    const out = send(["Host", "inner", ...claims], { peer: "2001:db8::1", peerTrusted: true });
    expect(values(out, "x-forwarded-for")).toEqual(["1.1.1.1, 2001:db8::1"]);
    expect(values(out, "forwarded")).toEqual(['for=1.1.1.1, for="[2001:db8::1]"']);
    expect(values(out, "x-forwarded-host")).toEqual(["evil"]);
    expect(values(out, "x-forwarded-proto")).toEqual(["gopher"]);
    expect(values(out, "x-request-id")).toEqual(["mine"]);
    expect(values(out, "tracestate")).toEqual(["v=1"]);
  });

  test("a trusted proxy's malformed trace or doubled request id is replaced", () => {
    const out = send(["traceparent", "00-zz", "tracestate", "v=1", "X-Request-Id", "a", "X-Request-Id", "b"], {
      peerTrusted: true,
    });
    expect(values(out, "traceparent")[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(values(out, "tracestate")).toEqual([]);
    expect(values(out, "x-request-id")[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("Via is added to, and a request that was here before is noticed", () => {
    expect(values(send(["Via", "1.0 edge"], { httpVersion: "1.0" }), "via")).toEqual(["1.0 edge", "1.0 postern-1"]);
    expect(hasLooped(["via", "1.0 edge, 1.1 postern-1"], "postern-1")).toBe(true);
    expect(hasLooped(["Via", "1.1 postern-2"], "postern-1")).toBe(false);
  });

  test("Max-Forwards counts down on OPTIONS only, and is never invented", () => {
    expect(values(send(["Max-Forwards", "3"], { method: "OPTIONS" }), "max-forwards")).toEqual(["2"]);
    expect(values(send(["Max-Forwards", "3"]), "max-forwards")).toEqual(["3"]);
    expect(values(send([]), "max-forwards")).toEqual([]);
  });
});

test("whatever a client sends: unknown fields keep order, case and value; ours appear once; nothing of a hop survives", () => {
  const mangle = (name: string) =>
    fc
      .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
      .map((flips) =>
        [...name].map((letter, at) => (flips[at] ? letter.toUpperCase() : letter.toLowerCase())).join(""),
      );
  const controlled = fc
    .constantFrom(
      "connection",
      "te",
      "x-auth-user",
      "x_auth_user",
      "x-forwarded-for",
      "expect",
      "upgrade",
      "x-real-ip",
      "x-request-id",
    )
    .chain((name) => fc.tuple(mangle(name), fc.constantFrom("evil", "close, x-free-1", "chunked")));
  const free = fc.tuple(fc.constantFrom("X-Free-1", "x-free-2", "Accept", "ETag"), fc.string({ maxLength: 5 }));
  fc.assert(
    fc.property(fc.array(fc.oneof(controlled, free), { maxLength: 12 }), (pairs) => {
      const out = send(pairs.flat(), { identity: ["X-Auth-User", "u_1"] });
      const lists = pairs.filter(([name]) => name.toLowerCase() === "connection").map(([, value]) => value);
      const kept = pairs.filter(([name]) => /^(x-free-\d|accept|etag)$/i.test(name));
      const expected = lists.some((list) => list.includes("x-free-1"))
        ? kept.filter(([name]) => name.toLowerCase() !== "x-free-1")
        : kept;
      const start = out.indexOf("Via");
      expect(out.slice(0, start)).toEqual(expected.flat());
      const names = out.slice(start).filter((_, at) => at % 2 === 0);
      expect(names).toEqual([
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Request-Id",
        "traceparent",
        "X-Auth-User",
      ]);
      expect(out.slice(start).join()).not.toContain("evil");
    }),
    { numRuns: 1000 },
  );
});

describe("what a route changes", () => {
  const rules = { set: ["X-Tenant", "blue", "User-Agent", "gateway"], drop: ["x-tenant", "user-agent", "cookie"] };

  test("comes in place of what the client has sent, in any case and however often", () => {
    const headers = ["X-Tenant", "red", "x-TENANT", "green", "User-Agent", "curl", "Cookie", "a=1", "Accept", "*/*"];
    const out = send(headers, { route: { ...ROUTE, requestHeaders: rules } });
    expect(values(out, "x-tenant")).toEqual(["blue"]);
    expect(values(out, "user-agent")).toEqual(["gateway"]);
    expect(values(out, "cookie")).toEqual([]);
    expect(values(out, "accept")).toEqual(["*/*"]);
  });

  test("cannot be had removed by the client", () => {
    const out = send(["Connection", "X-Tenant"], { route: { ...ROUTE, requestHeaders: rules } });
    expect(values(out, "x-tenant")).toEqual(["blue"]);
  });

  test("the prefix that goes is told, after those that trusted proxies have told", () => {
    const stripping = { ...ROUTE, rewrite: { strip: "/api", add: "" } };
    const told = ["X-Forwarded-Prefix", "/outer", "X-Forwarded-For", "192.0.2.1"];
    const of = (more: Partial<ForwardedRequest>) => values(send(told, more), "x-forwarded-prefix");
    expect(of({ route: stripping })).toEqual(["/api"]);
    expect(of({ route: stripping, peerTrusted: true })).toEqual(["/outer, /api"]);
    expect(of({ route: { ...ROUTE, rewrite: { strip: "", add: "/v2" } }, peerTrusted: true })).toEqual(["/outer"]);
    expect(of({})).toEqual([]);
  });
});
