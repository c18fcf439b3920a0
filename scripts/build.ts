import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

/** Builds src into dist: JavaScript and declarations, nothing left over from an earlier build. */
const root = new URL("..", import.meta.url);
rmSync(new URL("dist", root), { recursive: true, force: true });
const tsc = new URL("node_modules/typescript/bin/tsc", root).pathname;
const { status } = spawnSync(process.execPath, [tsc, "--project", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
