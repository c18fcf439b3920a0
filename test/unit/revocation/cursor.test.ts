import { expect, it } from "vitest";
import { cursorCovers } from "../../../src/revocation/cursor.ts";

it.each([
  [["5"], ["5"], true],
  [["10"], ["9"], true],
  [["9"], ["10"], false],
  [["9007199254740993"], ["9007199254740994"], false],
  [["1700000000000-1"], ["1700000000000-0"], true],
  [["1700000000000-0"], ["1700000000000-1"], false],
  [["1700000000001-0"], ["1700000000000-7"], true],
  [["5", "1"], ["5", "2"], false],
  [["5"], ["5", "0"], false],
  [["5"], [], true],
])("a reader at %j has read up to %j: %s", (reached, wanted, covered) => {
  expect(cursorCovers(reached, wanted)).toBe(covered);
});
