import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type Administration, AdministrationError } from "../../http/admin/administration.ts";
import { Incomplete, UsageError } from "../exit.ts";
import type { Io } from "../io.ts";
import { note, plural } from "../output.ts";

const LINE = z.strictObject({
  username: z.string(),
  password: z.string().optional(),
  passwordHash: z.string().optional(),
  roles: z.array(z.string()).optional(),
});

/**
 * Makes an account for each line and tells of each that could not be made; resolves with how many were. Lines are
 * independent: what was imported before a failure stays, and running it again only adds what is missing.
 */
export async function importUsers(admin: Administration, io: Io, file: string): Promise<number> {
  let imported = 0;
  let failed = 0;
  let number = 0;
  for await (const line of createInterface({ input: await source(io, file), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() === "") continue;
    const problem = await importLine(admin, line);
    if (problem === null) imported += 1;
    else {
      failed += 1;
      note(io, `line ${number}: ${problem}`);
    }
  }
  if (failed === 0) return imported;
  note(io, `Imported ${plural(imported, "user")}; ${plural(failed, "line")} could not be imported.`);
  throw new Incomplete("some lines could not be imported");
}

/** What is wrong with a line, without any of its values; null when the account was made. */
async function importLine(admin: Administration, line: string): Promise<string | null> {
  const user = LINE.safeParse(parseJson(line));
  if (!user.success) return "expected a JSON object with username, password or passwordHash, and roles";
  try {
    await admin.createUser(user.data);
    return null;
  } catch (error) {
    if (error instanceof AdministrationError) return error.message;
    throw error;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

async function source(io: Io, file: string) {
  if (file === "-") return io.stdin;
  const handle = await open(resolve(io.cwd, file)).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${error.code ?? error.message})`);
  });
  return handle.createReadStream();
}
