import fc from "fast-check";
import { expect, test } from "vitest";
import { parseUsername, usernameKey } from "../../../src/accounts/username.ts";

test.each(["alice", "a", "bob@example.com", "Éloïse", "иван", "Ιωαννης", "田中taro", "محمد", "김철수", "o.brien-2"])(
  "%s is a name",
  (name) => {
    expect(parseUsername(name)).toMatchObject({ ok: true, username: name });
  },
);

test.each([
  ["", "1 to 64"],
  ["a".repeat(65), "1 to 64"],
  ["x".repeat(100_000), "at most 64"],
  ["al ice", "letters"],
  ["al\u0000ice", "letters"],
  ["al\u202eice", "letters"],
  ["al\u200bice", "letters"],
  ["al\r\nice", "letters"],
  ["al/ice", "letters"],
  ["\ud800", "letters"],
  ["a\u3164b", "invisible"],
  ["a\u0323\u0307\u030a\u0301", "invisible or stacked"],
  ["..", "beginning"],
  ["-rf", "beginning"],
  ["u_AAAAAAAAAAAAAAAAAAAAAA", "user id"],
  ["\u0430lice", "one script"],
  ["ivan.\u043f\u0435\u0442\u0440\u043e\u0432", "one script"],
  ["\u03bd\u03b9\u03ba\u03bf", "taken for others"],
  ["\ua731ara", "taken for others"],
])("%j is refused", (name, expected) => {
  expect(parseUsername(name)).toEqual({ ok: false, expected: expect.stringContaining(expected) });
});

test("one look has one spelling: full-width and mathematical letters are plain ones", () => {
  expect(parseUsername("Ａｌｉｃｅ")).toEqual({ ok: true, username: "Alice", usernameKey: "alice" });
  expect(parseUsername("e\u0301loise")).toMatchObject({ username: "\u00e9loise" });
});

test.each([
  ["ALICE", "alice"],
  ["Straße", "STRASSE"],
  ["\u1e9e", "ß"],
  ["ΣΊΣΥΦΟΣ", "Σίσυφος"],
  ["\u0131rmak", "Irmak"],
  ["\u0430\u0440\u0440\u04cf\u0435", "apple"],
  ["\u0412\u0415\u0420\u0410", "BEPA"],
])("%s and %s are one account", (one, other) => {
  expect(usernameKey(one)).toBe(usernameKey(other));
});

test("a name in Cyrillic letters is a name, and free unless its Latin double is taken", () => {
  expect(parseUsername("Тарас")).toEqual({ ok: true, username: "Тарас", usernameKey: "tapac" });
  expect(parseUsername("Иван")).toEqual({ ok: true, username: "Иван", usernameKey: "иван" });
});

test("the key of a key is itself, and a name is a fixed point of its check", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(usernameKey(usernameKey(text))).toBe(usernameKey(text));
      const verdict = parseUsername(text);
      if (!verdict.ok) return;
      expect(parseUsername(verdict.username)).toEqual(verdict);
      expect(usernameKey(verdict.username)).toBe(verdict.usernameKey);
    }),
    { numRuns: 2000 },
  );
});
