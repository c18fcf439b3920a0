import { expect, test } from "vitest";
import { countReport } from "../../scripts/vitest-counts.ts";

const file = (status: string, ...tests: string[]) => ({
  name: "a.test.ts",
  status,
  assertionResults: tests.map((each) => ({ status: each, fullName: "a" })),
});

test.each([
  ["everything passed", true, [file("passed", "passed", "passed")], { passed: 2, failed: 0, skipped: 0 }],
  ["one failed", false, [file("failed", "passed", "failed")], { passed: 1, failed: 1, skipped: 0 }],
  [
    "skipped and todo",
    true,
    [file("passed", "passed", "skipped", "todo", "pending")],
    { passed: 1, failed: 0, skipped: 3 },
  ],
  ["a file that did not load", false, [file("passed", "passed"), file("failed")], { passed: 1, failed: 1, skipped: 0 }],
  ["a hook that threw after good tests", false, [file("failed", "passed")], { passed: 1, failed: 1, skipped: 0 }],
  ["an error outside of every test", false, [file("passed", "passed")], { passed: 1, failed: 1, skipped: 0 }],
])("%s", (_, success, testResults, counts) => {
  expect(countReport({ success, testResults })).toEqual(counts);
});
