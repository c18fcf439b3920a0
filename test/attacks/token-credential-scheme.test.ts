// The attacker gets a good token past a filter in front, or another past the gateway, by the way in which it is sent: under
// another scheme, in two lines of which each side reads another, two in one line, in another header, in the body.
// SECURITY: AT14 (RFC 6750 §2, RFC 9110 §11.1, CVE-2026-47673).
import { expect, test } from "vitest";
import { ALICE, BOB } from "../support/people.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { sendLines } from "./credential-lines.ts";
import { compact, readToken } from "./forge.ts";

const subject = await attackedGateway({
  routes: [
    { path: "/api/*", upstream: "orders", access: "required" },
    { path: "/optional/*", upstream: "orders", access: "optional" },
  ],
});
await subject.addUser(BOB);

async function tokenOf({ name, password }: { readonly name: string; readonly password: string }): Promise<string> {
  const browser = subject.browser();
  await browser.login(name, password);
  return browser.accessToken ?? "";
}
const token = await tokenOf(ALICE);
const other = await tokenOf(BOB);
const { header, claims } = readToken(other);
const bad = compact(header, claims, () => new Uint8Array(64));

async function refusal(target: string, lines: readonly string[]): Promise<readonly [number, string | undefined]> {
  const before = subject.upstream.requests.length;
  const { status, text } = await sendLines(subject, target, lines);
  expect(subject.upstream.requests.length).toBe(before);
  return [status, /^WWW-Authenticate: (.*)$/im.exec(text)?.[1]];
}

const NO_TOKEN = [401, "Bearer"];
const INVALID = [401, 'Bearer error="invalid_token"'];

test.each(["Bearer", "bearer", "BEARER", "bEaReR"])("the scheme %s is good in any case", async (scheme) => {
  expect((await sendLines(subject, "/api/x", [`Authorization: ${scheme} ${token}`])).status).toBe(200);
  expect((await sendLines(subject, "/api/x", [`aUTHORIZATION:${scheme}  ${token}  `])).status).toBe(200);
});

test.each([
  "Authorization: Basic TOKEN",
  "Authorization: Token TOKEN",
  "Authorization: JWT TOKEN",
  "Authorization: DPoP TOKEN",
  "Authorization: Negotiate TOKEN",
  "Authorization: TOKEN",
  "Authorization: BearerTOKEN",
  "Authorization: Bearer:TOKEN",
  "Authorization: Bearer=TOKEN",
  'Authorization: "Bearer TOKEN"',
  "Authorization: Bearer\tTOKEN",
  "Authorization: X Bearer TOKEN",
  "Authorization:",
  "Proxy-Authorization: Bearer TOKEN",
  "X-Authorization: Bearer TOKEN",
  "X-Forwarded-Authorization: Bearer TOKEN",
  "Authorization_: Bearer TOKEN",
  "X-Auth-Token: TOKEN",
  "X-Access-Token: TOKEN",
  "Cookie: access_token=TOKEN",
  "Cookie: Authorization=Bearer TOKEN",
  "Cookie: __Host-Http-postern=TOKEN",
  "Cookie: __Host-Http-postern-access=TOKEN",
  "Sec-WebSocket-Protocol: postern.bearer, TOKEN",
])("%s is no credential", async (line) => {
  expect(await refusal("/api/x", [line.replace("TOKEN", token)])).toEqual(NO_TOKEN);
});

test.each<[string, readonly string[]]>([
  ["two good tokens", [`Authorization: Bearer ${token}`, `Authorization: Bearer ${other}`]],
  ["one token twice", [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`]],
  ["a good and a bad one", [`Authorization: Bearer ${token}`, `Authorization: Bearer ${bad}`]],
  ["a bad and a good one", [`authorization: Bearer ${bad}`, `AUTHORIZATION: Bearer ${token}`]],
  ["another scheme first", ["Authorization: Basic dTpw", `Authorization: Bearer ${token}`]],
  ["another scheme last", [`Authorization: Bearer ${token}`, "Authorization: Basic dTpw"]],
  ["an empty line first", ["Authorization:", `Authorization: Bearer ${token}`]],
  ["two in one line", [`Authorization: Bearer ${token}, Bearer ${other}`]],
  ["two after one scheme", [`Authorization: Bearer ${token} ${other}`]],
  ["two schemes in one line", [`Authorization: Bearer ${token}, Basic dTpw`]],
  ["a parameter", [`Authorization: Bearer token="${token}"`]],
  ["the scheme twice", [`Authorization: Bearer Bearer ${token}`]],
  ["no token", ["Authorization: Bearer"]],
  ["spaces for a token", ["Authorization: Bearer    "]],
])("%s: refused, on an optional route too", async (_, lines) => {
  expect(await refusal("/api/x", lines)).toEqual(INVALID);
  expect(await refusal("/optional/x", lines)).toEqual(INVALID);
});

test.each(["Authorization : Bearer", "Authorization\t: Bearer", " Authorization: Bearer"])(
  "a line that is none: %j",
  async (start) => {
    const before = subject.upstream.requests.length;
    const answer = await sendLines(subject, "/api/x", ["X-First: 1", `${start} ${token}`]);
    expect(answer.status).toBe(400);
    expect(subject.upstream.requests.length).toBe(before);
  },
);

test("a token in the body is none (RFC 6750 §2.2 is not offered)", async () => {
  for (const path of ["/api/x", "/auth/me", "/auth/logout/all"]) {
    const answer = await subject.browser().fetch(path, { form: { access_token: token } });
    expect([401, 405]).toContain(answer.status);
  }
  const stillGood = await sendLines(subject, "/api/x", [`Authorization: Bearer ${token}`]);
  expect(stillGood.status).toBe(200);
});
