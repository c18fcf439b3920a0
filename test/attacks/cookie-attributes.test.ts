// An attacker who can run a script in the page, listen on the network for plain HTTP or answer for a sibling domain wants the
// cookies. Every attribute that keeps them away is spelled out, a jar that enforces the prefixes keeps what it is given, and
// what is cleared is gone.
// SECURITY: CK1, CK2, CK3, CK4, CK9 (draft-ietf-oauth-browser-based-apps, RFC 6265bis, ASVS 3.3).
import { CookieJar } from "tough-cookie";
import { beforeAll, describe, expect, test } from "vitest";
import { type GatewayBehindTls, startGatewayBehindTls } from "../interop/behind-tls.ts";
import { type Answer, Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { addUser, ROUTES } from "./attacked-process.ts";

const REFRESH = "__Host-Http-postern";
const ACCESS = "__Host-Http-postern-access";
const ABSOLUTE_DAYS = 30;
const DAY = 24 * 60 * 60;

const parse = (line: string) => {
  const [pair = "", ...attributes] = line.split("; ");
  const [name = "", value = ""] = pair.split(/=(.*)/s);
  return { name, value, attributes: attributes.toSorted() };
};
const cookiesOf = (answer: Answer) => answer.setCookies.map(parse).toSorted((a, b) => a.name.length - b.name.length);

/** Stores what an answer sets in a jar that refuses what breaks a prefix's rules, and says what the jar would send. */
async function kept(jar: CookieJar, issuer: string, answer: Answer): Promise<string[]> {
  for (const line of answer.setCookies) await jar.setCookie(line, issuer, { sameSiteContext: "strict" });
  const cookies = await jar.getCookies(issuer, { sameSiteContext: "strict" });
  return cookies.map(({ key }) => key).toSorted();
}

describe.each([
  { mode: "tokens", routes: ROUTES.slice(0, 1), sameSite: "Strict", names: [REFRESH] },
  { mode: "sessions", routes: ROUTES, sameSite: "Lax", names: [REFRESH, ACCESS] },
])("a site with routes for $mode", ({ routes, sameSite, names }) => {
  let behind: GatewayBehindTls;

  beforeAll(async () => {
    behind = await startGatewayBehindTls({
      ...{ roles: ROLES, routes, upstreams: { up: { targets: ["http://127.0.0.1:9"] } } },
      tokens: { refresh: { absolute: `${ABSOLUTE_DAYS}d` } },
    });
    await addUser(behind.gateway, ALICE);
  });

  const expectStrict = (answer: Answer): void => {
    expect(answer.headers["cache-control"]).toBe("no-store");
    const cookies = cookiesOf(answer);
    expect(cookies.map(({ name }) => name)).toEqual(names);
    for (const { name, value, attributes } of cookies) {
      const [, lifetime] = /^Max-Age=(\d+)$/.exec(attributes.find((one) => one.startsWith("Max-Age=")) ?? "") ?? [];
      const want = name === ACCESS ? "Lax" : sameSite;
      const spelledOut = ["HttpOnly", `Max-Age=${lifetime}`, "Path=/", `SameSite=${want}`, "Secure"];
      expect(attributes).toEqual(spelledOut);
      // As long as the session at most; an access token's five minutes for the other one.
      const longest = name === ACCESS ? 5 * 60 : ABSOLUTE_DAYS * DAY;
      expect(Number(lifetime)).toBeLessThanOrEqual(longest);
      expect(Number(lifetime)).toBeGreaterThan(longest * 0.8);
      expect(name.length + value.length).toBeLessThanOrEqual(4096);
      for (const attribute of attributes) expect(attribute.length).toBeLessThanOrEqual(1024);
      expect(value).toMatch(/^[\w.-]+$/);
    }
  };

  test("sets them with every attribute, at login and at refresh, and a strict jar keeps them", async () => {
    const browser = new Browser(behind.issuer, { ca: behind.ca });
    const jar = new CookieJar(undefined, { prefixSecurity: "strict", rejectPublicSuffixes: false });
    const login = await browser.login(ALICE.name, ALICE.password);
    expectStrict(login);
    expect(await kept(jar, behind.issuer, login)).toEqual(names);
    const refresh = await browser.refresh();
    expectStrict(refresh);
    expect(await kept(jar, behind.issuer, refresh)).toEqual(names);

    const logout = await browser.logout();
    for (const { name, value, attributes } of cookiesOf(logout)) {
      expect(value).toBe("");
      const want = name === ACCESS ? "Lax" : sameSite;
      expect(attributes).toEqual(["HttpOnly", "Max-Age=0", "Path=/", `SameSite=${want}`, "Secure"]);
    }
    expect(await kept(jar, behind.issuer, logout)).toEqual([]);
  });
});
