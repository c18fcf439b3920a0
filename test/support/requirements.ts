import { findProgram, PROGRAMS, type Program } from "../../scripts/programs.ts";

/**
 * The program's path, or null after saying why its tests are skipped: `describe.skipIf(nginx === null)`. With CI=true a
 * missing program is an error, so that nothing is skipped where it counts.
 */
export function requireProgram(name: Program): string | null {
  const path = findProgram(name);
  if (path !== null) return path;
  const reason = `${name} is not installed (apt-get install ${PROGRAMS[name]})`;
  if (process.env.CI === "true") throw new Error(reason);
  console.log(`skipped: ${reason}`);
  return null;
}
