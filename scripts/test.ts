import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPrograms } from "./install-programs.ts";
import { type Counts, countReport } from "./vitest-counts.ts";

/**
 * `npm test`: type check, lint, then every test. Its last line is `N passed, N failed`, where the type check and the lint
 * count as one each. With CI=true a skipped test counts as failed. Arguments go to vitest.
 */
const root = new URL("..", import.meta.url);
const strict = process.env.CI === "true";

function run(program: string, ...args: string[]): boolean {
  console.log(`\n> ${program} ${args.join(" ")}`);
  const bin = new URL(`node_modules/.bin/${program}`, root).pathname;
  return spawnSync(bin, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status === 0;
}

function runVitest(args: readonly string[]): Counts {
  const folder = mkdtempSync(join(tmpdir(), "postern-report-"));
  const file = join(folder, "report.json");
  try {
    const ok = run("vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...args);
    const counts = countReport(JSON.parse(readFileSync(file, "utf8")));
    return ok || counts.failed > 0 ? counts : { ...counts, failed: 1 };
  } catch (error) {
    console.error(`vitest left no report: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

installPrograms();
const checks = [run("tsc", "--noEmit"), run("biome", "check", "--error-on-warnings", ".")];
const tests = runVitest(process.argv.slice(2));
const passed = tests.passed + checks.filter((ok) => ok).length;
const failed = tests.failed + checks.filter((ok) => !ok).length + (strict ? tests.skipped : 0);

if (tests.skipped > 0) {
  console.log(
    `\n${tests.skipped} skipped${strict ? ", counted as failed because CI=true" : "; the reasons are above"}`,
  );
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && tests.passed > 0 ? 0 : 1;
