// An attacker logs in many times and studies the refresh tokens, to guess the next one: 128 bits of each are drawn anew, and
// show no pattern. Each character of a token counts: whatever is changed makes it no token.
// SECURITY: RT12 (ASVS 7.2.3).
import { expect, test } from "vitest";
import { decodeBase64url } from "../../src/lib/base64url.ts";
import { newId, randomId } from "../../src/lib/ids.ts";
import { ALICE } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, partsOf, REFRESH_COOKIE, told } from "./shown-token.ts";

const subject = await attackedGateway();
const LOGINS = 300;
const DRAWN = 10_000;

test("every login draws 16 bytes of its own, and a session id of 16 bytes", async () => {
  const tokens = new Set<string>();
  const drawn = new Set<string>();
  for (let login = 0; login < LOGINS; login++) {
    const browser = subject.browser();
    await browser.login(ALICE.name, ALICE.password);
    const { sid, r } = partsOf(cookieOf(browser));
    expect(decodeBase64url(r)).toHaveLength(16);
    expect(decodeBase64url(sid.slice(2))).toHaveLength(16);
    tokens.add(cookieOf(browser));
    drawn.add(r).add(sid.slice(2));
  }
  expect(tokens.size).toBe(LOGINS);
  expect(drawn.size).toBe(2 * LOGINS);
});

test("ten thousand drawn at once are all different, and every bit of them is set in about half", () => {
  const ids = Array.from({ length: DRAWN }, (_, index) => (index % 2 === 0 ? randomId() : newId("s").slice(2)));
  expect(new Set(ids).size).toBe(DRAWN);
  const set = new Array<number>(128).fill(0);
  for (const id of ids) {
    const bytes = decodeBase64url(id) ?? new Uint8Array();
    for (let bit = 0; bit < 128; bit++) set[bit] = (set[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1);
  }
  // Seven standard deviations of a fair coin: a false alarm in ten thousand million runs.
  const bound = 7 * Math.sqrt(DRAWN / 4);
  for (const count of set) expect(Math.abs(count - DRAWN / 2)).toBeLessThan(bound);
});

test("a token with any one character changed is refused, and the session goes on", async () => {
  const { browser } = await loggedIn(subject);
  const token = cookieOf(browser);
  const thief = subject.browser();
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === "A" ? "B" : "A";
    thief.cookies.set(REFRESH_COOKIE, token.slice(0, at) + other + token.slice(at + 1));
    expect(told(await thief.refresh())).toEqual([401, "refresh_invalid"]);
  }
  for (const changed of [`${token}=`, `${token}A`, token.slice(0, -1), token.toUpperCase()]) {
    thief.cookies.set(REFRESH_COOKIE, changed);
    expect(told(await thief.refresh())).toEqual([401, "refresh_invalid"]);
  }
  expect((await browser.refresh()).status).toBe(200);
});
