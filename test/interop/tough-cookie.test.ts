import { type Cookie, CookieJar } from "tough-cookie";
import { beforeAll, describe, expect, test } from "vitest";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { type GatewayBehindTls, startGatewayBehindTls } from "./behind-tls.ts";

const REFRESH_COOKIE = "__Host-Http-postern";

// A jar that nobody here wrote, which throws where a cookie breaks the rules of its prefix.
describe("tough-cookie as a strict jar", () => {
  let behind: GatewayBehindTls;
  const strictJar = (): CookieJar =>
    new CookieJar(undefined, { prefixSecurity: "strict", rejectPublicSuffixes: false });

  beforeAll(async () => {
    behind = await startGatewayBehindTls({ roles: ROLES });
    await behind.gateway.addUser(ALICE.name, ALICE.password, ["user"]);
  });

  /** Sends a POST the way a page of the gateway's own would, with the jar's cookies, and stores what comes back. */
  async function post(jar: CookieJar, path: string, json?: object, headers: Record<string, string> = {}) {
    const url = `${behind.issuer}${path}`;
    const cookie = await jar.getCookieString(url, { sameSiteContext: "strict" });
    const browser = new Browser(behind.issuer, { ca: behind.ca });
    const answer = await browser.fetch(path, {
      method: "POST",
      ...(json === undefined ? {} : { json }),
      headers: { ...headers, ...(cookie === "" ? {} : { cookie }) },
    });
    for (const line of answer.setCookies) await jar.setCookie(line, url, { sameSiteContext: "strict" });
    return answer;
  }

  /** What the jar would send to the gateway's own pages. */
  const live = (jar: CookieJar): Promise<Cookie[]> => jar.getCookies(behind.issuer, { sameSiteContext: "strict" });

  test("login is stored with every attribute spelled out", async () => {
    const jar = strictJar();
    const answer = await post(jar, "/auth/login", { username: ALICE.name, password: ALICE.password });
    expect(answer.status).toBe(200);
    expect(answer.setCookies).toHaveLength(1);
    expect(answer.setCookies[0]).not.toMatch(/;\s*domain/i);
    const [cookie, ...others] = await live(jar);
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({
      key: REFRESH_COOKIE,
      secure: true,
      httpOnly: true,
      path: "/",
      sameSite: "strict",
      hostOnly: true,
    });
    // 90 days at most, and never beyond what browsers keep.
    expect(cookie?.maxAge).toBeGreaterThan(0);
    expect(cookie?.maxAge).toBeLessThanOrEqual(90 * 24 * 60 * 60);
    expect((answer.setCookies[0] ?? "").length).toBeLessThanOrEqual(4096);
  });

  test("the stored cookie renews the session, and logout leaves the jar empty", async () => {
    const jar = strictJar();
    await post(jar, "/auth/login", { username: ALICE.name, password: ALICE.password });
    const renewed = await post(jar, "/auth/refresh");
    expect(renewed.status).toBe(200);
    expect((await live(jar)).map((cookie) => cookie.key)).toEqual([REFRESH_COOKIE]);

    const token = renewed.json<{ access_token: string }>().access_token;
    const out = await post(jar, "/auth/logout", undefined, { authorization: `Bearer ${token}` });
    expect(out.status).toBe(204);
    expect(await live(jar)).toEqual([]);
    expect((await post(jar, "/auth/refresh")).status).toBe(401);
  });
});
