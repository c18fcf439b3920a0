import type { Row, SqlValue, SyncDatabase } from "../../stores/sqlite/database.ts";
import { StoreUnavailable } from "../../stores/store.ts";
import type { ObjectStorage } from "./platform.ts";

/** What the disk or its quota have to do with, by SQLite's names for it; anything else is a fault in the code. */
const TROUBLE = /\bSQLITE_(?:FULL|IOERR|NOMEM|BUSY|LOCKED|READONLY|CANTOPEN|TOOBIG)\b|database or disk is full/;

/** The SQLite of a Durable Object, which has one connection and makes its transactions by an interface of its own. */
export function objectDatabase(storage: ObjectStorage): SyncDatabase {
  return {
    all: (sql: string, ...params: SqlValue[]): readonly Row[] =>
      inTrouble(() => storage.sql.exec(sql, ...params).toArray()),
    transaction: (work) => inTrouble(() => storage.transactionSync(work)),
  };
}

function inTrouble<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && TROUBLE.test(error.message)) throw new StoreUnavailable(error.message, "refused");
    throw error;
  }
}
