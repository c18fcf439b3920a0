import { SCHEMA_VERSION, type SchemaState } from "../../stores/sqlite/schema.ts";
import { SQLITE, sqliteCode } from "./sqlite-errors.ts";

const RESTORE =
  'Restore it from a backup (see "Backup" in docs/storage.md), or move it away to begin with an empty store.';

export const damaged = (file: string): string => `The database ${file} is damaged. ${RESTORE}`;

/** Null: nothing to complain of. */
export function schemaProblem(file: string, state: SchemaState): string | null {
  switch (state.kind) {
    case "newer":
      return `The database ${file} was made by a newer Postern (its schema is ${state.version}, this version knows ${SCHEMA_VERSION}). Start that version, or a later one.`;
    case "foreign":
      return `The database ${file} belongs to another program. Name another file in "store".`;
    case "current":
    case "older":
    case "empty":
      return null;
  }
}

/** What an error at opening means to the person who starts Postern. */
export function openProblem(file: string, error: unknown): string {
  switch (sqliteCode(error)) {
    case SQLITE.NOTADB:
      return `${file} is not a SQLite database, or is damaged. ${RESTORE}`;
    case SQLITE.CORRUPT:
      return damaged(file);
    case SQLITE.FULL:
      return `No space is left for the database ${file}. Free some and start again; nothing is lost.`;
    case SQLITE.BUSY:
    case SQLITE.LOCKED:
      return `Another program holds the database ${file} locked. End it, or wait, and start again.`;
    case SQLITE.READONLY:
    case SQLITE.CANTOPEN:
      return notWritable(file);
    default:
      return `The database ${file} cannot be opened: ${reasonOf(error)}`;
  }
}

const notWritable = (file: string): string =>
  `The database ${file} cannot be written. Give the user who runs Postern write access to the file and its folder, or name another place in "store".`;

export const partIsFile = (file: string): string =>
  `The database ${file} cannot be made: a part of its path is a file. Name another place in "store".`;

export function fileProblem(file: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOENT":
      return notWritable(file);
    case "ENOSPC":
    case "EDQUOT":
      return `No space is left for the database ${file}. Free some and start again; nothing is lost.`;
    case "ENOTDIR":
    case "EEXIST":
      return partIsFile(file);
    default:
      return `The database ${file} cannot be opened: ${reasonOf(error)}`;
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
