import { describe, expect, test } from "vitest";
import { checkRequest, type RequestHead } from "../../../src/proxy/check-request.ts";

const check = (more: Partial<RequestHead> = {}) =>
  checkRequest({ method: "GET", target: "/a?b", httpVersion: "1.1", headers: ["Host", "app.example"], ...more });
const withHeaders = (...headers: string[]) => check({ headers: ["Host", "app.example", ...headers] });

describe("checkRequest", () => {
  test("passes an ordinary request as it is", () => {
    const headers = ["hOsT", "app.example:8080", "X", "1"];
    expect(check({ headers })).toEqual({ kind: "request", target: "/a?b", headers, framing: { kind: "none" } });
  });

  test.each([
    [[]],
    [["Host", ""]],
    [["Host", "a", "Host", "a"]],
    [["Host", "a, b"]],
    [["Host", "user@a"]],
    [["Host", "a/b"]],
    [["Host", "a:b"]],
    [["Host", "a%2fb"]],
    [["Host", "[::1"]],
  ])("Host lines %j are refused", (headers) => expect(check({ headers }).kind).toBe("refuse"));

  test.each(["a", "a_b.c-d:1", "127.0.0.1:80", "[::1]:8080"])("Host %s is good", (host) => {
    expect(check({ headers: ["Host", host] }).kind).toBe("request");
  });

  test("HTTP/1.0 may leave Host out", () => {
    expect(check({ headers: [], httpVersion: "1.0" }).kind).toBe("request");
  });

  test.each([
    [["Transfer-Encoding", "gzip, chunked"]],
    [["Transfer-Encoding", "identity"]],
    [["Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"]],
    [["Transfer-Encoding", "chunked", "Content-Length", "3"]],
    [["Content-Length", "3", "Content-Length", "3"]],
    [["Content-Length", "+3"]],
    [["Content-Length", "3, 3"]],
    [["Upgrade", "h2c"]],
    [["Upgrade", "websocket, H2C"]],
  ])("%j is refused", (headers) => expect(withHeaders(...headers).kind).toBe("refuse"));

  test("Transfer-Encoding in HTTP/1.0 is refused (RFC 9112 §6.1)", () => {
    expect(check({ httpVersion: "1.0", headers: ["Transfer-Encoding", "chunked"] }).kind).toBe("refuse");
  });

  test("says how the body is framed", () => {
    expect(withHeaders("Content-Length", "12")).toMatchObject({ framing: { kind: "length", length: "12" } });
    expect(withHeaders("Content-Length", "0")).toMatchObject({ framing: { kind: "none" } });
    expect(withHeaders("Transfer-Encoding", "Chunked")).toMatchObject({ framing: { kind: "chunked" } });
  });

  test.each(["TRACE", "CONNECT"])("%s is not allowed", (method) => {
    expect(check({ method })).toMatchObject({ kind: "refuse", problem: { code: "method_not_allowed" } });
  });

  test.each([
    ["http://other.example/x?y", "/x?y", "other.example"],
    ["HTTPS://other.example:8443", "/", "other.example:8443"],
    ["http://other.example?y", "/?y", "other.example"],
    ["http://other.example//evil/x", "//evil/x", "other.example"],
  ])("the authority of %s overrides Host", (target, path, host) => {
    expect(check({ target, headers: ["X", "1", "Host", "app.example"] })).toEqual({
      kind: "request",
      target: path,
      headers: ["Host", host, "X", "1"],
      framing: { kind: "none" },
    });
  });

  test.each(["*", "a", "a:443", "ftp://a/", "http://u@a/", "http:///x", "/a#b", "/\u00e9", "/a b", ""])(
    "target %j is refused",
    (target) => expect(check({ target }).kind).toBe("refuse"),
  );

  test("OPTIONS * and Max-Forwards: 0 go no further", () => {
    expect(check({ method: "OPTIONS", target: "*" }).kind).toBe("options");
    const headers = ["Host", "a", "Max-Forwards", "0"];
    expect(check({ method: "OPTIONS", headers }).kind).toBe("options");
    expect(check({ method: "GET", headers }).kind).toBe("request");
  });

  test("a flood of header lines is refused", () => {
    expect(withHeaders(...Array.from({ length: 200 }, () => ["X", "1"]).flat()).kind).toBe("refuse");
  });
});
