/** The commit failed in a way that leaves open whether it was stored. */
export class CommitInDoubt extends Error {
  override readonly name = "CommitInDoubt";
}

/** The caller has given up, or its deadline has passed, before anything was done. */
export class Abandoned extends Error {
  override readonly name = "Abandoned";
}

/** The database's name is no longer that of the file that was opened. */
export class FileReplaced extends Error {
  override readonly name = "FileReplaced";
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
export const SQLITE = {
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  INTERRUPT: 9,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOTADB: 26,
} as const;

const ENVIRONMENT: ReadonlySet<number> = new Set(Object.values(SQLITE));

/** The primary result code of an error from `node:sqlite`, or null when it is another error. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  return error.errcode & 0xff;
}

export const isIoError = (error: unknown): boolean => sqliteCode(error) === SQLITE.IOERR;

export type Failure = "unavailable" | "outcome_unknown" | "fault";

/** What an operation that threw is to its caller: the store's trouble, or a fault in the code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommitInDoubt) return "outcome_unknown";
  if (error instanceof Abandoned || error instanceof FileReplaced) return "unavailable";
  const code = sqliteCode(error);
  return code !== null && ENVIRONMENT.has(code) ? "unavailable" : "fault";
}
