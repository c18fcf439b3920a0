import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { CONFIG_TEMPLATE } from "../init-template.ts";
import type { Io } from "../io.ts";
import { writeLine } from "../output.ts";

const FILE = "postern.config.ts";
/** The database and the secret beside it. */
const IGNORED = "data/";

/** `postern init` */
export function initCommand(parent: Command, io: Io): void {
  parent
    .command("init")
    .description(`write a commented ${FILE} here; overwrites nothing`)
    .action(async () => {
      await writeFile(join(io.cwd, FILE), CONFIG_TEMPLATE, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") throw new Error(`${FILE} is here already; nothing has been written.`);
        throw new Error(`${FILE} cannot be written here (${error.code ?? error.message}).`);
      });
      const ignored = await ignoreData(join(io.cwd, ".gitignore"));
      writeLine(io, `Wrote ${FILE}${ignored ? `, and ${IGNORED} into .gitignore` : ""}. Next:`);
      writeLine(io, "");
      writeLine(io, `  1. Name your service in ${FILE}, then: npx postern config check`);
      writeLine(io, "  2. Make a user:       npx postern users add ana --role user");
      writeLine(io, "  3. Start the gateway: npx postern serve");
    });
}

/** Adds the line where it is missing; true when it did. */
async function ignoreData(file: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  if (text.split(/\r?\n/).some((line) => /^\/?data\/?$/.test(line.trim()))) return false;
  const separator = text === "" || text.endsWith("\n") ? "" : "\n";
  await writeFile(file, `${text}${separator}${IGNORED}\n`);
  return true;
}
