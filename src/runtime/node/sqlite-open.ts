import { randomBytes } from "node:crypto";
import { migrate, schemaState } from "../../stores/sqlite/schema.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import { NodeDatabase } from "./sqlite-database.ts";
import { SQLITE, sqliteCode } from "./sqlite-errors.ts";
import { damaged, schemaProblem } from "./sqlite-problems.ts";

const PATIENCE = 5_000;
const PAUSE = 20;

/** Opens and checks the database and brings it to the present schema. Throws StoreProblem or SQLite's own error. */
export function openDatabase(file: string, timeout: number): NodeDatabase {
  const db = new NodeDatabase(file, { timeout, readOnly: false });
  try {
    const [check] = db.all("PRAGMA quick_check(1)");
    if (check?.quick_check !== "ok") throw new StoreProblem(damaged(file));
    const problem = schemaProblem(file, schemaState(db));
    if (problem !== null) throw new StoreProblem(problem);
    patiently(() => useWriteAheadLog(db, file));
    db.all("PRAGMA synchronous = FULL");
    db.all("PRAGMA foreign_keys = ON");
    db.all("PRAGMA secure_delete = FAST");
    db.all("PRAGMA journal_size_limit = 67108864");
    const epoch = randomBytes(16).toString("base64url");
    patiently(() => migrate(db, epoch));
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function useWriteAheadLog(db: NodeDatabase, file: string): void {
  const [mode] = db.all("PRAGMA journal_mode = WAL");
  if (mode?.journal_mode === "wal") return;
  throw new StoreProblem(
    `The database ${file} cannot use a write-ahead log there, as on most network file systems. Name a place on a local disk in "store".`,
  );
}

/** SQLite does not wait for the lock that a change of the journal's mode takes: several processes may start at once. */
function patiently(work: () => void): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const until = Date.now() + PATIENCE; ; ) {
    try {
      work();
      return;
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.BUSY || Date.now() >= until) throw error;
      Atomics.wait(pause, 0, 0, PAUSE);
    }
  }
}
