// `Connection` names the fields that the next hop removes. An attacker names those that the gateway adds, so that the service gets
// a request without an identity, or without the traces of a proxy, and trusts what the attacker sent instead; or names the
// credential, so that the gateway loses it. The named fields go before the gateway adds its own.
// SECURITY: PX1 (RFC 9110 §7.6.1, CVE-2024-45410, CVE-2025-48865).
import { beforeEach, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess } from "./attacked-process.ts";

const subject = await attackedProcess();
const alice = await subject.loggedIn();

beforeEach(() => {
  subject.upstream.requests.length = 0;
});

const ADDED = [
  ...["X-Auth-User", "X-Auth-Name", "X-Auth-Session", "X-Auth-Roles", "X-Auth-Scope", "X-Auth-Identity"],
  ...["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Via", "X-Request-Id", "traceparent"],
];

async function send(...lines: string[]) {
  const head = [
    "GET /api/orders HTTP/1.1",
    "Host: shop",
    `Authorization: Bearer ${alice.accessToken}`,
    ...lines,
    "",
    "",
  ];
  const { status } = await rawRequest(subject.gateway.url, head.join("\r\n"));
  return { status, seen: subject.upstream.requests.at(-1)?.headers ?? {} };
}

test.each([
  ["on one line", [`Connection: close, ${ADDED.join(", ")}, Authorization, Cookie, Host, Content-Length`]],
  ["on many lines", ["Connection: close", ...ADDED.map((name) => `Connection: ${name}`), "Connection: authorization"]],
  ["in capitals, with odd spaces", [`CONNECTION:close ,,\t${ADDED.join(" ,\t").toUpperCase()} , AUTHORIZATION`]],
  ["in Keep-Alive's company", [`Connection: keep-alive, close, ${ADDED.join(",")}`]],
])("naming all that the gateway adds, %s", async (_, lines) => {
  const forged = ADDED.slice(0, 9).map((name) => `${name}: root`);
  const { status, seen } = await send(...forged, ...lines);
  expect(status).toBe(200);
  for (const name of ADDED) {
    expect(seen[name.toLowerCase()], name).toBeDefined();
    expect(seen[name.toLowerCase()], name).not.toContain("root");
  }
  expect(seen["x-auth-name"]).toBe("alice");
  expect(seen["x-forwarded-for"]).toBe("127.0.0.1");
  expect(seen.host).toBe(new URL(subject.upstream.url).host);
});

test("what is named goes no further, and nor do the fields of one connection", async () => {
  const { seen } = await send(
    ...["Connection: close, X-Custom, Cookie", "X-Custom: a", "X-Kept: b", "Cookie: a=1"],
    ...["Proxy-Connection: keep-alive", "Keep-Alive: timeout=5", "TE: trailers", "Trailer: X-T", "Upgrade: foo"],
    ...["Proxy-Authorization: Basic eA==", "Proxy-Authenticate: Basic"],
  );
  expect(seen["x-kept"]).toBe("b");
  for (const name of [
    "x-custom",
    "cookie",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "proxy-authorization",
    "proxy-authenticate",
  ]) {
    expect(seen[name], name).toBeUndefined();
  }
  expect(seen["keep-alive"]).not.toBe("timeout=5");
});

test("without a credential it opens nothing", async () => {
  const head = [
    "GET /api/orders HTTP/1.1",
    "Host: shop",
    "Connection: close, X-Auth-User",
    "X-Auth-User: root",
    "",
    "",
  ];
  expect((await rawRequest(subject.gateway.url, head.join("\r\n"))).status).toBe(401);
  expect(subject.upstream.requests).toEqual([]);
});
