import { spawnSync } from "node:child_process";
import { findProgram, PROGRAMS, type Program } from "./programs.ts";

const LIMIT = 4 * 60_000;

/** Gets the programs that tests drive from Debian where this may be done, and says plainly what to install where not. */
export function installPrograms(): void {
  const missing = (Object.keys(PROGRAMS) as Program[]).filter((name) => findProgram(name) === null);
  if (missing.length === 0) return;
  const packages = missing.map((name) => PROGRAMS[name]);
  const command = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || !apt("--version")) {
    console.log(`Not installed: ${missing.join(", ")}. Tests that need them are skipped. On Debian: ${command}`);
    return;
  }
  console.log(`Installing ${packages.join(", ")}`);
  apt("update");
  if (!apt("install", "--yes", "--no-install-recommends", ...packages)) console.log(`This failed: ${command}`);
}

function apt(...args: string[]): boolean {
  const { status, stderr } = spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=120", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    timeout: LIMIT,
    // In run level 1 Debian's packages do not start the daemons that they install.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  if (status !== 0 && stderr) console.log(stderr.trim());
  return status === 0;
}
