import { relative } from "node:path";
import { afterEach, beforeEach, inject, type RunnerTestCase, type RunnerTestSuite } from "vitest";
import { DIFFERENCES } from "./differences.ts";
import { takeStarted } from "./started.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

// A test that is listed must fail, and a name that is listed must be a test's.
beforeEach(({ task }) => {
  const kind = inject("gatewayKind");
  if (kind === undefined) return;
  const path = relative(ROOT, task.file.filepath);
  const differing = Object.keys(DIFFERENCES[kind][path] ?? {});
  const unknown = differing.filter((name) => !testsOf(task.file).some((test) => test.fullTestName === name));
  if (unknown.length > 0) throw new Error(`differences.ts names no test of ${path}: ${unknown.join("; ")}`);
  // As `test.fails` would have marked it.
  if (differing.includes(task.fullTestName)) Object.assign(task, { fails: true });
});

// A file that meets no gateway of the kind proves nothing of it, and belongs on the other list.
afterEach(({ task }) => {
  const kind = inject("gatewayKind");
  const last = testsOf(task.file).at(-1);
  if (kind !== undefined && kind !== "node-sqlite" && task === last && takeStarted() === 0) {
    throw new Error("no gateway of this kind was started by this file: it belongs to INSIDE in differences.ts");
  }
});

function testsOf(suite: Readonly<RunnerTestSuite>): RunnerTestCase[] {
  return suite.tasks.flatMap((task) => (task.type === "test" ? [task] : testsOf(task)));
}
