import { statSync } from "node:fs";
import { FileReplaced } from "./sqlite-errors.ts";

/**
 * Call it when the database has been opened: what it gives throws FileReplaced once another file, or none, has the name. SQLite
 * itself goes on with a file that has lost its name, where no other process and no restart would find what it writes.
 */
export function fileGuard(file: string): () => void {
  const opened = statSync(file, { bigint: true });
  return () => {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (found?.ino !== opened.ino || found.dev !== opened.dev)
      throw new FileReplaced("the file was removed or replaced");
  };
}
