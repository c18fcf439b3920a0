import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Row, SqlValue, SyncDatabase } from "../../stores/sqlite/database.ts";
import { CommitInDoubt, isIoError } from "./sqlite-errors.ts";

/** One connection of `node:sqlite`. Every write transaction takes the write lock at its begin, so that none fails half-way for want of it. */
export class NodeDatabase implements SyncDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Called once the write lock is held; what it throws abandons the transaction with nothing done. */
  onLocked: () => void = () => {};
  #group: "none" | "not_begun" | "begun" = "none";
  /** What lost the whole of a group's transaction. */
  #lost: unknown = null;

  /** `timeout`: milliseconds to wait for another process's lock. */
  constructor(file: string, options: { readonly timeout: number; readonly readOnly: boolean }) {
    this.#db = new DatabaseSync(file, options);
  }

  all(sql: string, ...params: SqlValue[]): readonly Row[] {
    return this.#prepared(sql).all(...params);
  }

  transaction<T>(work: () => T): T {
    return this.#group === "none" ? this.#alone(work) : this.#inGroup(work);
  }

  /**
   * Runs `work` so that all its transactions are stored by one commit, and so by one fsync; each is still all or nothing.
   * Nothing of the group may be acknowledged before this returns, and when it throws nothing of it was stored.
   */
  group<T>(work: () => T): T {
    this.#group = "not_begun";
    this.#lost = null;
    try {
      const result = work();
      if (this.#lost !== null) throw this.#lost;
      if (this.#begun()) this.#commit();
      return result;
    } finally {
      this.#group = "none";
      this.#rollback();
    }
  }

  close(): void {
    this.#db.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #alone<T>(work: () => T): T {
    this.#prepared("BEGIN IMMEDIATE").run();
    try {
      this.onLocked();
      const result = work();
      this.#commit();
      return result;
    } finally {
      this.#rollback();
    }
  }

  #inGroup<T>(work: () => T): T {
    if (this.#lost !== null) throw this.#lost;
    if (!this.#begun()) {
      this.#prepared("BEGIN IMMEDIATE").run();
      this.#group = "begun";
    }
    this.onLocked();
    this.#prepared("SAVEPOINT step").run();
    try {
      const result = work();
      this.#prepared("RELEASE step").run();
      return result;
    } catch (error) {
      // A full disk, for one, may have made SQLite roll back all that came before, too.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK TO step; RELEASE step");
      else this.#lost = error;
      throw error;
    }
  }

  #begun(): boolean {
    return this.#group === "begun";
  }

  #commit(): void {
    try {
      this.#prepared("COMMIT").run();
    } catch (error) {
      // An fsync that failed may yet have reached the disk.
      throw isIoError(error) ? new CommitInDoubt() : error;
    }
  }

  /** Does nothing where the transaction has been committed, or rolled back by SQLite itself. */
  #rollback(): void {
    if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
  }
}
