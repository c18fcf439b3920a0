// A service behind the gateway believes what a proxy tells it: from which address a request came, over which scheme, for which
// host and path. An attacker says it first, in every header that some service reads, in every case, with underscores that CGI
// turns into dashes. Nobody but a trusted proxy is believed.
// SECURITY: PX19 (RFC 9700 §4.13, ASVS 4.1.3, CVE-2026-40575, CVE-2026-3635, GHSA-5m6w-wvh7-57vm).
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess, ROUTES } from "./attacked-process.ts";

const config = { routes: ROUTES, issuer: "https://shop.example" };
const subject = await attackedProcess(config);
const behind = await attackedProcess({ ...config, trustedProxies: ["127.0.0.1/32"] });

const FORGED = [
  ...[
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Uri",
    "X-Forwarded-Method",
  ],
  ...[
    "X-Forwarded-Prefix",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "Forwarded",
  ],
  ...["X-Real-IP", "X-Original-URI", "X-Original-URL", "X-Original-Method", "X-Original-Host", "X-Rewrite-URL"],
];

async function seen(gateway: typeof subject, ...lines: string[]) {
  const head = ["GET /public/x HTTP/1.1", "Host: shop.example", "Connection: close", ...lines, "", ""];
  const { status } = await rawRequest(gateway.gateway.url, head.join("\r\n"));
  expect(status).toBe(200);
  return gateway.upstream.requests.at(-1) ?? { headers: {}, rawHeaders: [] };
}

test.each([
  ["as they are written", (name: string) => name],
  ["in capitals", (name: string) => name.toUpperCase()],
  ["in lower case", (name: string) => name.toLowerCase()],
  ["with underscores", (name: string) => name.replaceAll("-", "_")],
  ["with one underscore", (name: string) => name.replace("-", "_")],
])("from a stranger nothing of it arrives: %s", async (_, spell) => {
  const { headers, rawHeaders } = await seen(subject, ...FORGED.map((name) => `${spell(name)}: evil.example`));
  expect(rawHeaders.join("\n")).not.toContain("evil.example");
  expect(headers).toMatchObject({
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "shop.example",
  });
  const names = rawHeaders.filter((_part, at) => at % 2 === 0).map((name) => name.toLowerCase());
  expect(names.filter((name) => name.includes("_"))).toEqual([]);
  expect(names.filter((name) => name.startsWith("x-forwarded-"))).toHaveLength(3);
});

test("identity headers are nobody's to send either", async () => {
  const names = [
    "X-Auth-User",
    "x-auth-roles",
    "X_AUTH_USER",
    "X-Auth_Name",
    "X-AUTH-IDENTITY",
    "X-Auth-Session",
    "x-auth-scope",
  ];
  for (const gateway of [subject, behind]) {
    const { rawHeaders } = await seen(gateway, ...names.map((name) => `${name}: root`));
    expect(rawHeaders.join("\n")).not.toMatch(/root|x[-_]auth/i);
  }
});

test("a trusted proxy is believed, and what the gateway saw itself stands to the right", async () => {
  const { headers } = await seen(
    behind,
    ...["X-Forwarded-For: 203.0.113.7, 198.51.100.2", "X-Forwarded-Proto: https", "X-Forwarded-Host: www.shop.example"],
    ...["X-Real-IP: 203.0.113.7", "Forwarded: for=203.0.113.7", "X_Forwarded_For: evil.example"],
  );
  expect(headers).toMatchObject({
    "x-forwarded-for": "203.0.113.7, 198.51.100.2, 127.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "www.shop.example",
    "x-real-ip": "203.0.113.7",
    forwarded: "for=203.0.113.7, for=127.0.0.1",
  });
  expect(JSON.stringify(headers)).not.toContain("evil.example");
});

test("a session's address is what a trusted proxy saw, and nothing that a stranger says", async () => {
  for (const [gateway, address] of [
    [subject, "127.0.0.1"],
    [behind, "203.0.113.7"],
  ] as const) {
    const alice = await gateway.loggedIn({ "x-forwarded-for": "192.0.2.66, 203.0.113.7", "x-real-ip": "192.0.2.66" });
    const { sessions } = (await alice.api("/auth/sessions")).json<{ sessions: { address: string }[] }>();
    expect(sessions.map((session) => session.address)).toEqual([address]);
  }
});
