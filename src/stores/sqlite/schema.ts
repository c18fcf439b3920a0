import { first, integer, type SyncDatabase } from "./database.ts";

/** docs/storage.md describes every table and column. A migration that has been released is never changed. */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE store (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      schema INTEGER NOT NULL,
      epoch TEXT NOT NULL,
      clock INTEGER NOT NULL,
      last_revocation INTEGER NOT NULL,
      sessions_not_before INTEGER NOT NULL,
      tokens_not_before INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE users (
      id TEXT PRIMARY KEY,
      username TEXT NOT NULL,
      username_key TEXT NOT NULL UNIQUE,
      password_hash TEXT,
      roles TEXT NOT NULL,
      disabled INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      sessions_not_before INTEGER NOT NULL,
      tokens_not_before INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE sessions (
      sid TEXT PRIMARY KEY,
      sub TEXT NOT NULL REFERENCES users (id),
      client_id TEXT NOT NULL,
      channel TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      auth_time INTEGER NOT NULL,
      amr TEXT NOT NULL,
      scopes TEXT,
      generation INTEGER NOT NULL,
      rotated_at INTEGER NOT NULL,
      shown INTEGER NOT NULL,
      r_hash TEXT NOT NULL,
      secret_id TEXT NOT NULL,
      context TEXT NOT NULL,
      last_used_at INTEGER NOT NULL,
      idle_ends_at INTEGER NOT NULL,
      absolute_ends_at INTEGER NOT NULL,
      address TEXT NOT NULL,
      user_agent TEXT NOT NULL,
      data TEXT NOT NULL,
      data_version INTEGER NOT NULL
    ) STRICT`,
    "CREATE INDEX sessions_of_user ON sessions (sub, last_used_at)",
    "CREATE INDEX sessions_by_end ON sessions (idle_ends_at)",
    `CREATE TABLE revocations (
      id INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      before INTEGER,
      at INTEGER NOT NULL,
      expires INTEGER NOT NULL
    ) STRICT`,
    "CREATE INDEX revocations_by_end ON revocations (expires)",
    `CREATE TABLE clients (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      secret_hash TEXT NOT NULL,
      scopes TEXT NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE client_not_befores (
      client_id TEXT PRIMARY KEY,
      tokens_not_before INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE signing_keys (
      number INTEGER PRIMARY KEY,
      kid TEXT NOT NULL UNIQUE,
      alg TEXT NOT NULL,
      public_jwk TEXT NOT NULL,
      wrapped_private TEXT NOT NULL,
      secret_id TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      signs_from INTEGER NOT NULL,
      signs_until INTEGER NOT NULL,
      remove_at INTEGER NOT NULL,
      revoked_at INTEGER
    ) STRICT`,
    `CREATE TABLE attempts (
      key TEXT PRIMARY KEY,
      count INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      locked_until INTEGER NOT NULL,
      forgotten_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX attempts_by_end ON attempts (forgotten_at)",
    `CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      actor TEXT NOT NULL,
      sub TEXT,
      sid TEXT,
      address TEXT,
      detail TEXT NOT NULL,
      count INTEGER NOT NULL,
      counted_as TEXT UNIQUE
    ) STRICT`,
    "CREATE INDEX audit_of_user ON audit (sub, id) WHERE sub IS NOT NULL",
    `CREATE TABLE nodes (
      node TEXT PRIMARY KEY,
      started_at INTEGER NOT NULL,
      at INTEGER NOT NULL,
      cursor TEXT NOT NULL,
      version TEXT NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE access_lifetimes (
      ttl INTEGER PRIMARY KEY,
      announced_at INTEGER NOT NULL
    ) STRICT`,
  ],
  ["CREATE INDEX revocations_of_subject ON revocations (subject)"],
  // No index names a column that a refresh changes: each would be another page to write with every rotation.
  [
    "ALTER TABLE sessions ADD COLUMN sweep_at INTEGER NOT NULL DEFAULT 0",
    "UPDATE sessions SET sweep_at = idle_ends_at",
    "DROP INDEX sessions_by_end",
    "CREATE INDEX sessions_to_sweep ON sessions (sweep_at)",
    "DROP INDEX sessions_of_user",
    "CREATE INDEX sessions_of_user ON sessions (sub)",
  ],
  ["ALTER TABLE nodes ADD COLUMN config TEXT"],
];

export const SCHEMA_VERSION = MIGRATIONS.length;

export type SchemaState =
  | { readonly kind: "current" | "older" | "empty" | "foreign" }
  | { readonly kind: "newer"; readonly version: number };

/** What a database file holds, before anything in it is touched. */
export function schemaState(db: SyncDatabase): SchemaState {
  const tables = db.all(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('store', 'users', 'sessions')",
  );
  if (tables.length === 0) {
    // Names that begin so are a Durable Object's own.
    const others = db.all(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' LIMIT 1",
    );
    return { kind: others.length === 0 ? "empty" : "foreign" };
  }
  if (tables.length !== 3) return { kind: "foreign" };
  const version = schemaVersion(db);
  if (version > SCHEMA_VERSION) return { kind: "newer", version };
  return { kind: version === SCHEMA_VERSION ? "current" : "older" };
}

function schemaVersion(db: SyncDatabase): number {
  const row = first(db.all("SELECT schema FROM store WHERE one = 1"));
  return row === null ? 0 : integer(row, "schema");
}

/**
 * Brings an empty or older database to the present schema, in one transaction. Another process may be doing the same.
 * `epoch`: 128 random bits, taken where the database is new.
 */
export function migrate(db: SyncDatabase, epoch: string): void {
  if (schemaState(db).kind === "current") return;
  db.transaction(() => {
    const from = schemaState(db).kind === "empty" ? 0 : schemaVersion(db);
    for (const statement of MIGRATIONS.slice(from).flat()) db.all(statement);
    if (from === 0) db.all("INSERT INTO store VALUES (1, ?, ?, 0, 0, 0, 0)", SCHEMA_VERSION, epoch);
    else if (from < SCHEMA_VERSION) db.all("UPDATE store SET schema = ?", SCHEMA_VERSION);
  });
}
