import { describe, expect, test } from "vitest";
import { allHeaders, type HeaderList } from "../../../src/lib/header-list.ts";
import { ACCESS_COOKIE, REFRESH_COOKIE } from "../../../src/protocol/names.ts";
import { type ForwardedResponse, responseHeaders } from "../../../src/proxy/response-headers.ts";

const VIA = ["Via", "1.1 postern-1"];
const relay = (headers: HeaderList, more: Partial<ForwardedResponse> = {}) =>
  responseHeaders({
    status: 200,
    headers,
    pseudonym: "postern-1",
    authenticated: false,
    cookies: [],
    cors: [],
    corsAlone: false,
    rules: null,
    ...more,
  });

describe("responseHeaders", () => {
  test("fields of the connection and those it names stay behind", () => {
    const headers = [
      "Connection",
      "close, X-A",
      "X-A",
      "1",
      "Keep-Alive",
      "x",
      "Upgrade",
      "h2c",
      "Trailer",
      "T",
      "X-B",
      "2",
    ];
    expect(relay(headers)).toEqual(["X-B", "2", ...VIA]);
  });

  test("Set-Cookie lines stay lines, in order", () => {
    const headers = ["Set-Cookie", "a=1; Path=/", "X", "1", "set-cookie", "b=2"];
    expect(relay(headers)).toEqual([...headers, ...VIA]);
  });

  test.each([
    `${REFRESH_COOKIE}=evil; Path=/`,
    `${ACCESS_COOKIE}=; Max-Age=0`,
    `  ${REFRESH_COOKIE} = evil`,
    `${REFRESH_COOKIE.toUpperCase()}=evil`,
    `=${REFRESH_COOKIE}=evil`,
    ` = ${REFRESH_COOKIE}=evil; Secure`,
    REFRESH_COOKIE,
  ])("an upstream cannot set or clear our cookie: %s", (cookie) => expect(relay(["Set-Cookie", cookie])).toEqual(VIA));

  test("another cookie that only mentions ours passes", () => {
    expect(relay(["Set-Cookie", `x=${REFRESH_COOKIE}`])).toContain(`x=${REFRESH_COOKIE}`);
    expect(relay(["Set-Cookie", `${REFRESH_COOKIE}x=1`])).toContain(`${REFRESH_COOKIE}x=1`);
  });

  test("Clear-Site-Data leaves cookies alone", () => {
    expect(relay(["Clear-Site-Data", '"cookies"'])).toEqual(VIA);
    expect(relay(["Clear-Site-Data", '"cache", "cookies"'])).toEqual(["Clear-Site-Data", '"cache"', ...VIA]);
    expect(relay(["Clear-Site-Data", '"*"'])).toEqual([
      "Clear-Site-Data",
      '"cache", "storage", "executionContexts"',
      ...VIA,
    ]);
  });

  test("an authenticated answer that says nothing about caching is private", () => {
    expect(relay([], { authenticated: true })).toEqual([...VIA, "Cache-Control", "private"]);
    const said = ["cache-control", "max-age=5"];
    expect(relay(said, { authenticated: true })).toEqual([...said, ...VIA]);
  });

  test("our own cookies go with no-store, whatever the upstream said", () => {
    const out = relay(["Cache-Control", "public", "Set-Cookie", "a=1"], {
      authenticated: true,
      cookies: ["o=1", "p=2"],
    });
    expect(out).toEqual([
      "Set-Cookie",
      "a=1",
      ...VIA,
      "Set-Cookie",
      "o=1",
      "Set-Cookie",
      "p=2",
      "Cache-Control",
      "no-store",
    ]);
  });

  test("the framing is the transport's: chunked goes, with a length that it overrides", () => {
    expect(relay(["Transfer-Encoding", "Chunked", "Content-Length", "3"])).toEqual(VIA);
    expect(relay(["Content-Length", "3", "X", "1", "Transfer-Encoding", "chunked"])).toEqual(["X", "1", ...VIA]);
    expect(relay(["Content-Length", "3"])).toEqual(["Content-Length", "3", ...VIA]);
    expect(relay(["Content-Length", "3"], { status: 204 })).toEqual(VIA);
    expect(relay(["Content-Length", "3"], { status: 304 })).toEqual(["Content-Length", "3", ...VIA]);
  });

  test.each([["gzip, chunked"], ["identity"], ["chunked", "chunked"]])(
    "a coding of %s cannot be passed on",
    (...codings) => {
      expect(relay(codings.flatMap((coding) => ["Transfer-Encoding", coding]))).toBeNull();
    },
  );

  test("our leave to a listed origin stands in for the upstream's", () => {
    const theirs = ["Access-Control-Allow-Origin", "*", "Access-Control-Expose-Headers", "X"];
    const ours = ["Access-Control-Allow-Origin", "https://spa.example", "Vary", "Origin"];
    expect(relay(theirs, { cors: ours })).toEqual(["Access-Control-Expose-Headers", "X", ...VIA, ...ours]);
    expect(relay(theirs, { cors: ["Vary", "Origin"] })).toEqual([...theirs, ...VIA, "Vary", "Origin"]);
  });
});

describe("what a route changes", () => {
  const drop = ["server", "x-frame-options", "cache-control"];
  const rules = { set: ["X-Frame-Options", "DENY", "Cache-Control", "max-age=60"], drop };

  test("comes in place of what the upstream has sent", () => {
    const theirs = ["Server", "old/1.0", "x-frame-options", "SAMEORIGIN", "X-FRAME-OPTIONS", "ALLOWALL", "X", "1"];
    expect(relay(theirs, { rules })).toEqual(["X", "1", ...VIA, ...rules.set]);
  });

  test("makes nothing that sets a cookie of ours cacheable", () => {
    const out = relay(["Cache-Control", "public"], { rules, cookies: ["c=1"] }) ?? [];
    expect(allHeaders(out, "cache-control")).toEqual(["no-store"]);
  });

  test("what is said about caching stands for somebody's answer too; taken away, it is private", () => {
    const caching = (more: Partial<ForwardedResponse>) =>
      allHeaders(relay(["Cache-Control", "public"], { authenticated: true, ...more }) ?? [], "cache-control");
    expect(caching({ rules })).toEqual(["max-age=60"]);
    expect(caching({ rules: { set: [], drop: ["cache-control"] } })).toEqual(["private"]);
  });

  test("cookies of the upstream can be kept back, and ours are not", () => {
    const out = relay(["Set-Cookie", "a=1"], { rules: { set: [], drop: ["set-cookie"] }, cookies: ["ours=1"] }) ?? [];
    expect(allHeaders(out, "set-cookie")).toEqual(["ours=1"]);
  });
});
