export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

/**
 * All that the embedded store asks of a SQLite: one connection, used synchronously. Transactions are made by `transaction`
 * alone, never in SQL, so that a database which has them by an interface of its own serves as well.
 */
export interface SyncDatabase {
  all(sql: string, ...params: SqlValue[]): readonly Row[];
  /** Runs `work` with the database's write lock held: all of it is stored, or none when it throws. */
  transaction<T>(work: () => T): T;
}

/** The first row, or null. */
export const first = (rows: readonly Row[]): Row | null => rows[0] ?? null;

const unexpected = (column: string): never => {
  throw new Error(`the database holds a value of another type in "${column}"`);
};

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : unexpected(column);
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  return typeof value === "number" ? value : unexpected(column);
}

export function integerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

/** A column that holds a JSON array of strings. */
export function texts(row: Row, column: string): readonly string[] {
  const value: unknown = JSON.parse(text(row, column));
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : unexpected(column);
}

export function textsOrNull(row: Row, column: string): readonly string[] | null {
  return row[column] === null ? null : texts(row, column);
}

/** One of a closed set of words. */
export function word<T extends string>(row: Row, column: string, words: readonly T[]): T {
  const value = text(row, column);
  return words.find((candidate) => candidate === value) ?? unexpected(column);
}
