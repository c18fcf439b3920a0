import fc from "fast-check";
import { expect, test } from "vitest";
import { uuidv7, uuidv7Milliseconds } from "../../../src/lib/ids.ts";
import { randomHex } from "../../../src/lib/random-hex.ts";

test("property: a UUIDv7 carries its milliseconds, whole, and is written as RFC 9562 says", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 48 - 1), fc.constantFrom(0, 0.25), (milliseconds, part) => {
      const id = uuidv7(milliseconds + part);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(uuidv7Milliseconds(id)).toBe(milliseconds);
    }),
  );
});

test("each digit of a UUIDv7 that may vary does, and no two are the same", () => {
  const ids = Array.from({ length: 2000 }, () => uuidv7(0));
  expect(new Set(ids).size).toBe(ids.length);
  const variety = [15, 16, 17, 19, 20, 21, 22, ...Array.from({ length: 12 }, (_, digit) => 24 + digit)];
  for (const at of variety) expect(new Set(ids.map((id) => id[at])).size, `at ${at}`).toBe(at === 19 ? 4 : 16);
});

test("random hexadecimal has the length asked for and every digit at every place, across the pool's end", () => {
  const drawn = Array.from({ length: 3000 }, (_, index) => randomHex(1 + (index % 33)));
  for (const [index, text] of drawn.entries())
    expect(text).toMatch(new RegExp(`^[0-9a-f]{${2 * (1 + (index % 33))}}$`));
  expect(new Set(drawn.filter((text) => text.length >= 32)).size).toBe(
    drawn.filter((text) => text.length >= 32).length,
  );
  for (const at of [0, 1]) expect(new Set(drawn.map((text) => text[at])).size).toBe(16);
});
