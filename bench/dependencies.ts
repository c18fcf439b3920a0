import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Installs the packages of bench/peers, once. Apart, so that neither Postern nor the yardstick resolves one of them. */
export function installDependencies(): void {
  if (existsSync(new URL("./peers/node_modules/fastify", import.meta.url))) return;
  const folder = fileURLToPath(new URL("./peers", import.meta.url));
  const { status } = spawnSync("npm", ["ci", "--prefix", folder], { stdio: "inherit" });
  if (status !== 0) throw new Error("npm ci --prefix bench/peers failed");
}
