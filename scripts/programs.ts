import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs that tests drive and npm does not bring, each with the Debian package that has it. */
export const PROGRAMS = {
  nginx: "nginx",
  haproxy: "haproxy",
  caddy: "caddy",
  chromium: "chromium",
  "redis-server": "redis-server",
} as const;
export type Program = keyof typeof PROGRAMS;

/** Where the program is, or null. Looks where Debian keeps daemons too, which a user's PATH may lack. */
export function findProgram(name: Program): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  for (const folder of folders) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
