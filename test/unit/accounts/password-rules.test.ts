import { expect, test } from "vitest";
import { checkNewPassword, passwordRules } from "../../../src/accounts/check-password.ts";
import { normalisePassword } from "../../../src/accounts/password-rules.ts";

const rules = passwordRules({ issuer: "https://shop.example.com", passwords: { minLength: 15 } }, "Alice.Liddell");

test.each([
  "correct horse battery staple",
  "xkzqjwvbnplrtyd",
  "lower case only and no digits",
  "жёлтая подводная лодка",
  "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆",
  `a passphrase of ${"many different words and ".repeat(7)}more`,
])("%s is accepted: any characters, no composition rules", async (password) => {
  expect(await checkNewPassword(password, rules)).toEqual({ ok: true, password });
});

test.each([
  ["only 14 chars!", "at least 15 characters"],
  ["🦊".repeat(14), "at least 15 characters"],
  ["x".repeat(1025), "at most 1024 bytes"],
  ["\ud800 half a surrogate pair", "Unicode text"],
  ["password12345678", "common password"],
  ["P@ssw0rd12345678", "common password"],
  ["passwordpassword", "repeats itself"],
  ["iloveyouiloveyou", "repeats itself"],
  ["aaaaaaaaaaaaaaaaaaaa", "repeats itself"],
  ["abcdefghijklmnopq", "in order"],
  ["1qaz2wsx3edc4rfv", "common password"],
  ["Alice.Liddell!!!", "username"],
  ["alice liddell alice", "username"],
  ["shop.example.com1", "name of this site"],
])("%s is refused with the reason", async (password, expected) => {
  expect(await checkNewPassword(password, rules)).toEqual({ ok: false, expected: expect.stringContaining(expected) });
});

test("a refusal never repeats the password", async () => {
  const password = "password12345678";
  expect(JSON.stringify(await checkNewPassword(password, rules))).not.toContain(password);
});

test("the length is counted in code points after normalising", async () => {
  const decomposed = "e\u0301".repeat(14);
  expect(await checkNewPassword(decomposed, rules)).toMatchObject({ ok: false, expected: "at least 15 characters" });
});

test("a shorter minimum lets a random password of that length pass", async () => {
  const eight = { minLength: 8, context: [] };
  expect(await checkNewPassword("Wr5#tQ9z", eight)).toMatchObject({ ok: true });
  expect(await checkNewPassword("hunter2!", eight)).toMatchObject({ ok: false });
});

test("composed and decomposed accents are one password, and the bound holds after normalising too", () => {
  expect(normalisePassword("cafe\u0301")).toBe(normalisePassword("caf\u00e9"));
  expect(normalisePassword("\ufdfa".repeat(200))).toBeNull();
});
