import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PEERS = new URL("./peers/", import.meta.url);

/** Installs the packages of bench/peers where one is not there. Apart, so that neither Postern nor the yardstick resolves one of them. */
export function installDependencies(): void {
  const { dependencies } = JSON.parse(readFileSync(new URL("package.json", PEERS), "utf8"));
  if (Object.keys(dependencies).every((name) => existsSync(new URL(`node_modules/${name}`, PEERS)))) return;
  const { status } = spawnSync("npm", ["ci", "--prefix", fileURLToPath(PEERS)], { stdio: "inherit" });
  if (status !== 0) throw new Error("npm ci --prefix bench/peers failed");
}
