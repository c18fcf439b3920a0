/** The parts of vitest's JSON report (`--reporter=json`) that are counted. */
interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts a report. A file that failed without a failed test of its own (it did not load, a hook threw) counts as one failure. */
export function countReport(report: Report): Counts {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const file of report.testResults) {
    const statuses = file.assertionResults.map((test) => test.status);
    const failedHere = statuses.filter((status) => status === "failed").length;
    const passedHere = statuses.filter((status) => status === "passed").length;
    passed += passedHere;
    failed += failedHere;
    skipped += statuses.length - passedHere - failedHere;
    if (file.status !== "passed" && failedHere === 0) failed += 1;
  }
  // An error outside of every test (an unhandled rejection) fails the run without failing a test.
  if (!report.success && failed === 0) failed = 1;
  return { passed, failed, skipped };
}
