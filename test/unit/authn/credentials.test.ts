import { describe, expect, test } from "vitest";
import { readBearer, readSubprotocolBearer } from "../../../src/authn/bearer.ts";
import { readCookie } from "../../../src/authn/cookies.ts";
import { isForged } from "../../../src/authn/csrf.ts";
import { narrowScopes, scopesOfRoles } from "../../../src/authn/scopes.ts";

describe("the bearer token", () => {
  test.each([
    [[], { kind: "none" }],
    [["Authorization", "Bearer abc"], { kind: "token", token: "abc" }],
    [["AUTHORIZATION", "bEaReR   abc "], { kind: "token", token: "abc" }],
    [["Authorization", "Basic abc"], { kind: "none" }],
    [["Authorization", "Bearerabc"], { kind: "none" }],
    [["Authorization", "Bearer"], { kind: "unusable" }],
    [["Authorization", "Bearer "], { kind: "unusable" }],
    [["Authorization", "Bearer a", "authorization", "Bearer a"], { kind: "unusable" }],
    [["Authorization", "Basic a", "Authorization", "Bearer a"], { kind: "unusable" }],
    [["X-Authorization", "Bearer a", "Authorization_", "Bearer a"], { kind: "none" }],
  ])("%j", (headers, credential) => {
    expect(readBearer(headers)).toEqual(credential);
  });

  test.each([
    [["Sec-WebSocket-Protocol", "chat"], { kind: "none" }],
    [["Sec-WebSocket-Protocol", "postern.bearer, abc, chat"], { kind: "token", token: "abc" }],
    [
      ["Sec-WebSocket-Protocol", "chat", "sec-websocket-protocol", "postern.bearer,abc"],
      { kind: "token", token: "abc" },
    ],
    [["Sec-WebSocket-Protocol", "postern.bearer"], { kind: "unusable" }],
    [["Sec-WebSocket-Protocol", "postern.bearer, a, postern.bearer, b"], { kind: "unusable" }],
  ])("as a subprotocol: %j", (headers, credential) => {
    expect(readSubprotocolBearer(headers)).toEqual(credential);
  });
});

describe("a cookie", () => {
  test.each([
    [["Cookie", "a=1; name=v=1; b=2"], { kind: "one", value: "v=1" }],
    [["cookie", "a=1", "Cookie", "name=v"], { kind: "one", value: "v" }],
    [["Cookie", "Name=v; NAME=v; xname=v; name"], { kind: "none" }],
    [["Cookie", "name=1; name=2"], { kind: "doubled" }],
    [["Cookie", "name=1", "Cookie", "name=1"], { kind: "doubled" }],
    [["X-Cookie", "name=1"], { kind: "none" }],
  ])("%j", (headers, value) => {
    expect(readCookie(headers, "name")).toEqual(value);
  });
});

describe("a request of another site", () => {
  const trusted = { own: "https://app.example.com", listed: ["https://spa.example.com"] };
  test.each<[boolean, string[]]>([
    [false, ["Sec-Fetch-Site", "same-origin"]],
    [false, ["Sec-Fetch-Site", "none"]],
    [false, ["Sec-Fetch-Site", "same-origin", "Origin", "null"]],
    [false, ["Sec-Fetch-Site", "same-site", "Origin", "https://spa.example.com"]],
    [false, ["Origin", "https://app.example.com"]],
    [false, ["Origin", "https://spa.example.com"]],
    [true, []],
    [true, ["Sec-Fetch-Site", "cross-site", "Origin", "https://spa.example.com"]],
    [true, ["Sec-Fetch-Site", "same-site"]],
    [true, ["Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.com"]],
    [true, ["Sec-Fetch-Site", "none", "Origin", "null"]],
    [true, ["Origin", "null"]],
    [true, ["Origin", "https://app.example.com.evil.com"]],
    [true, ["Origin", "http://app.example.com"]],
    [true, ["Origin", "https://APP.example.com"]],
    [true, ["Origin", "https://app.example.com:443"]],
    [true, ["Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"]],
    [true, ["Sec-Fetch-Site", "same-origin, cross-site"]],
    [true, ["Sec-Fetch-Site", "Same-Origin"]],
    [true, ["Origin", "https://app.example.com", "Origin", "https://evil.example.com"]],
    [true, ["Referer", "https://app.example.com/"]],
  ])("forged: %s for %j", (forged, headers) => {
    expect(isForged(headers, trusted)).toBe(forged);
  });
});

test("scopes are the union of the roles', narrowed and never widened", () => {
  const roles = { user: { scopes: ["a", "b"] }, admin: { scopes: ["b", "c"] } };
  expect(scopesOfRoles(["user", "admin", "ghost", "__proto__"], roles)).toEqual(["a", "b", "c"]);
  expect(narrowScopes(["a", "b"], null)).toEqual(["a", "b"]);
  expect(narrowScopes(["a", "b"], ["b", "z"])).toEqual(["b"]);
  expect(narrowScopes(["a"], [])).toEqual([]);
});
