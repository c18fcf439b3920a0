// Guessing short passwords is cheap, and so is hurting people who choose long ones: by cutting off what they typed, by refusing
// their script, by reading the same letters differently on another keyboard. And a password of a megabyte would have the gateway
// hash it. Length counts what people see, everything of it counts, and there is an end to it before any hash is made.
// SECURITY: PW3, PW4, PW5, PW6, PW8 (NIST SP 800-63B-4, ASVS 6.2).
import { expect, test } from "vitest";
import { attackedGateway } from "./attacked-gateway.ts";
import { countedHashing } from "./counted-hashing.ts";
import { told } from "./shown-token.ts";

const hashing = countedHashing();
const subject = await attackedGateway({ registration: true }, undefined, hashing);
const VIOLIN = "violin Ä grotto, 71 lanterns; ";

let made = 0;
async function register(password: string) {
  const username = `user${++made}`;
  const answer = await subject.browser().fetch("/auth/register", { json: { username, password } });
  return { username, answer };
}
const login = async (username: string, password: string) => (await subject.browser().login(username, password)).status;

test.each([
  ["14 characters", "kq7vw2zmx9pl4t", false],
  ["15 characters", "kq7vw2zmx9pl4tr", true],
  ["14 emoji, in 28 units and 56 bytes", "🦊🌵🛶🎻🧲🪁🦑🍋🧭🪐🦔🎡🧵🪕", false],
  ["15 emoji", "🦊🌵🛶🎻🧲🪁🦑🍋🧭🪐🦔🎡🧵🪕🐙", true],
  [
    "14 letters with an accent each, composed of two",
    "q\u0301w\u0301k\u0301z\u0301x\u0301v\u0301p".normalize("NFC"),
    false,
  ],
  ["no digit, no capital, no sign", "lantern kayak meadow violin", true],
  ["spaces inside and around", "  kayak meadow 71 violin  ", true],
  ["other scripts", "скрипка лодка фонарь 琴船灯籠", true],
])("%s", async (_, password, allowed) => {
  const { username, answer } = await register(password);
  if (!allowed) {
    expect(told(answer)).toEqual([400, "validation"]);
    expect(answer.json()).toMatchObject({ errors: [{ path: "password", expected: "at least 15 characters" }] });
    return;
  }
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  expect(await login(username, password)).toBe(200);
  expect(await login(username, password.trim().slice(0, -1))).toBe(401);
});

test.each([64, 200, 950])("all of %i characters count", async (length) => {
  const password = VIOLIN.repeat(40).slice(0, length);
  const bytes = new TextEncoder().encode(password).length;
  if (bytes > 1024) throw new Error("the test's own password is too long");
  const { username, answer } = await register(password);
  expect(answer.status).toBe(201);
  expect(await login(username, password)).toBe(200);
  for (const at of [63, 72, 73, 199, length - 1].filter((place) => place < length)) {
    const changed = `${password.slice(0, at)}${password[at] === "#" ? "*" : "#"}${password.slice(at + 1)}`;
    expect(await login(username, changed)).toBe(401);
  }
  expect(await login(username, `${password} `)).toBe(401);
});

test("more than a kilobyte is neither set nor hashed, more than the body's bound is not read", async () => {
  const known = (await register("lantern kayak meadow violin 3")).username;
  hashing.work.length = 0;
  for (const [length, status] of [
    [1025, 401],
    [4096, 401],
    [5000, 400],
    [1024 * 1024, 413],
  ] as const) {
    const password = "k".repeat(length);
    expect(await login(known, password)).toBe(status);
    expect(await login("nobody", password)).toBe(status);
    const { answer } = await register(VIOLIN.repeat(50_000).slice(0, length));
    expect(answer.status).toBe(status === 413 ? 413 : 400);
  }
  expect(hashing.work).toEqual([]);
});

test.each([
  ["composed and decomposed", "café crème brûlée".normalize("NFC"), "café crème brûlée".normalize("NFD")],
  ["a ligature and its letters", "ﬁnal oﬀice waﬄes 29", "final office waffles 29"],
  ["full-width and plain", "ｋａｙａｋ violin 714 grotto", "kayak violin 714 grotto"],
  [
    "Hangul syllables and their parts",
    "한국어 바이올린 등불 카약 여우".normalize("NFC"),
    "한국어 바이올린 등불 카약 여우".normalize("NFD"),
  ],
])("%s are one password, whichever was set", async (_, one, other) => {
  expect(one).not.toBe(other);
  for (const [set, typed] of [
    [one, other],
    [other, one],
  ] as const) {
    const { username, answer } = await register(set);
    expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
    expect(await login(username, typed)).toBe(200);
    expect(await login(username, set)).toBe(200);
    expect(await login(username, `${set}!`)).toBe(401);
  }
});

test("half a character is no password", async () => {
  const password = "lantern kayak meadow \\ud83d violin";
  const body = `{"username":"halfling","password":"${password}"}`;
  const headers = { "content-type": "application/json" };
  const answer = await subject.browser().fetch("/auth/register", { body, headers, method: "POST" });
  expect(told(answer)).toEqual([400, "validation"]);
});
