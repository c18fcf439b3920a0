import { expect, it } from "vitest";
import { relativeTime } from "../../../src/cli/relative-time.ts";

it.each([
  [0, "now"],
  [999, "now"],
  [1000, "in 1 second"],
  [-59_999, "59 seconds ago"],
  [300_000, "in 5 minutes"],
  [-3_600_000, "1 hour ago"],
  [14 * 86_400_000, "in 14 days"],
])("%d ms from now is %s", (distance, text) => {
  const now = Date.UTC(2026, 0, 31);
  expect(relativeTime(now + distance, now)).toBe(text);
});
