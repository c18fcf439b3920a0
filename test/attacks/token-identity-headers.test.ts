// The attacker sends the headers by which the gateway tells a service who somebody is, in a spelling that the gateway overlooks
// and the service does not: in another case, with `_` for `-` (CGI reads both alike), twice, named in `Connection`, in a trailer.
// SECURITY: AT20 (RFC 9700 §4.13, ASVS 4.1.3).
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { sendLines } from "./credential-lines.ts";

const NAMES = ["X-Auth-User", "X-Auth-Name", "X-Auth-Session", "X-Auth-Roles", "X-Auth-Scope", "X-Auth-Identity"];
const routes = ["public", "optional", "required"].map((access) => ({
  ...{ path: `/${access}/*`, upstream: "orders", access },
}));
const subject = await attackedGateway({ routes });
const { browser, sid } = await loggedIn(subject);
const authorization = `Authorization: Bearer ${browser.accessToken}`;

const renamed = await attackedGateway({ routes, identityHeaders: { user: "Remote-User", roles: "X-WEBAUTH-ROLES" } });
const renamedLogin = await loggedIn(renamed);

const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toLowerCase(),
  (name) => name.toUpperCase(),
  (name) => name.replaceAll("-", "_"),
  (name) => name.replace("-", "_"),
  (name) => name.replaceAll("-", "_").toUpperCase(),
  (name) => name.toLowerCase().replace("-a", "_A"),
  (name) => [...name].map((letter, at) => (at % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase())).join(""),
];

/** Every header that CGI, WSGI, Rack or PHP would take for the one with this name. */
function valuesAt(gateway: typeof subject, name: string): readonly string[] {
  const { rawHeaders = [] } = gateway.upstream.requests.at(-1) ?? {};
  const canonical = (text: string): string => text.toLowerCase().replaceAll("_", "-").trim();
  return rawHeaders.filter((_, at) => at % 2 === 1 && canonical(rawHeaders[at - 1] ?? "") === canonical(name));
}

const forgedLines = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => SPELLINGS.map((spell) => `${spell(name)}: forged`));

test.each([
  ["public, without a token", "/public/x", []],
  ["public, with a token", "/public/x", [authorization]],
  ["optional, without a token", "/optional/x", []],
])("%s: no identity reaches the service", async (_, target, lines) => {
  for (const forged of [forgedLines(NAMES), forgedLines(NAMES).toReversed()]) {
    const before = subject.upstream.requests.length;
    expect((await sendLines(subject, target, [...forged, ...lines])).status).toBe(200);
    expect(subject.upstream.requests.length).toBe(before + 1);
    for (const name of NAMES) expect(valuesAt(subject, name), name).toEqual([]);
    expect(JSON.stringify(subject.upstream.requests.at(-1)?.rawHeaders)).not.toContain("forged");
  }
});

test.each(["/optional/x", "/required/x"])("%s with a token: the gateway's own identity, once", async (target) => {
  for (const lines of [
    [...forgedLines(NAMES), authorization],
    [authorization, ...forgedLines(NAMES)],
  ]) {
    expect((await sendLines(subject, target, lines)).status).toBe(200);
    expect(valuesAt(subject, "X-Auth-User")).toEqual([subject.alice]);
    expect(valuesAt(subject, "X-Auth-Name")).toEqual(["alice"]);
    expect(valuesAt(subject, "X-Auth-Session")).toEqual([sid]);
    expect(valuesAt(subject, "X-Auth-Roles")).toEqual(["user"]);
    expect(valuesAt(subject, "X-Auth-Scope")).toEqual(["orders:read"]);
    expect(valuesAt(subject, "X-Auth-Identity")).toEqual([expect.stringMatching(/^ey/)]);
  }
});

test("a client cannot have the gateway's headers removed as hop-by-hop", async () => {
  const lines = [authorization, `Connection: ${NAMES.join(", ")}`, `Connection: ${NAMES.join(",").toLowerCase()}`];
  expect((await sendLines(subject, "/required/x", lines)).status).toBe(200);
  for (const name of NAMES) expect(valuesAt(subject, name), name).toHaveLength(1);
});

test.each(["X-Auth-User : forged", "X-Auth-User\t: forged", "X-Auth-User\u0000: forged", "X-Auth-User\u00a0: forged"])(
  "a name that is none is no request: %j",
  async (line) => {
    const before = subject.upstream.requests.length;
    expect((await sendLines(subject, "/public/x", [line])).status).toBe(400);
    expect((await sendLines(subject, "/public/x", ["X-First: 1", ` ${line}`])).status).toBe(400);
    expect(subject.upstream.requests.length).toBe(before);
  },
);

test("nor in a trailer", async () => {
  const head = [
    "POST /public/x HTTP/1.1",
    "Host: a",
    "Connection: close",
    "Transfer-Encoding: chunked",
    "Trailer: X-Auth-User",
  ];
  const bytes = `${head.join("\r\n")}\r\n\r\n2\r\nhi\r\n0\r\nX-Auth-User: forged\r\n\r\n`;
  expect((await rawRequest(subject.url, bytes)).status).toBe(200);
  expect(subject.upstream.requests.at(-1)?.body).toBe("hi");
  expect(valuesAt(subject, "X-Auth-User")).toEqual([]);
});

test("other names by configuration are guarded in the same way", async () => {
  const names = ["Remote-User", "X-WEBAUTH-ROLES", ...NAMES.slice(1, 3)];
  expect((await sendLines(renamed, "/public/x", forgedLines(names))).status).toBe(200);
  for (const name of names) expect(valuesAt(renamed, name), name).toEqual([]);
  const own = `Authorization: Bearer ${renamedLogin.browser.accessToken}`;
  expect((await sendLines(renamed, "/required/x", [...forgedLines(names), own])).status).toBe(200);
  expect(valuesAt(renamed, "Remote-User")).toEqual([renamed.alice]);
  expect(valuesAt(renamed, "X-WEBAUTH-ROLES")).toEqual(["user"]);
});
