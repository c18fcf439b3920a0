import { expect, test } from "vitest";
import { slotOf } from "../../../../src/stores/redis/slot.ts";

test.each([
  // The check value of the specification: CRC16 of it is 0x31C3.
  ["123456789", 0x31c3 % 16_384],
  ["foo", 12_182],
  ["", 0],
])("the slot of %j is %i", (tag, slot) => {
  expect(slotOf(tag)).toBe(slot);
});
