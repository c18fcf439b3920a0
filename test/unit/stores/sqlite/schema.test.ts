import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { migrate, schemaState } from "../../../../src/stores/sqlite/schema.ts";
import { addUser, LIMITS, login, memoryStore } from "./memory-store.ts";

test("migrating again changes nothing", () => {
  const { store, db } = memoryStore();
  addUser(store, "ada");
  migrate(db, "another epoch");
  expect(store.readFeed({ after: null, limit: 1 }).state).toEqual([{ epoch: "epoch", last: "0" }]);
  expect(store.listUsers({ after: null, limit: 10 })).toHaveLength(1);
  expect(schemaState(db)).toEqual({ kind: "current" });
});

test("docs/storage.md describes every table and column", () => {
  const { db } = memoryStore();
  const docs = readFileSync(new URL("../../../../docs/storage.md", import.meta.url), "utf8");
  const sections = new Map(
    docs.split(/^### /m).map((section) => [section.slice(0, section.indexOf("\n")).replaceAll("`", ""), section]),
  );
  const columns = db.all(
    `SELECT m.name AS "table", c.name AS "column" FROM sqlite_master m, pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`,
  );
  expect(columns.length).toBeGreaterThan(70);
  const missing = columns.filter(({ table, column }) => !sections.get(String(table))?.includes(`\`${column}\``));
  expect(missing).toEqual([]);
});

test("no index names what a refresh changes", () => {
  const { store, db } = memoryStore();
  const { sub, sid } = login(store, addUser(store, "ada"));
  const entries = () => db.all("SELECT sid, sub, sweep_at FROM sessions");
  const before = entries();
  const token = { sub, sid, generation: 0, rHash: "r", secretId: "other", context: "c2" };
  const request = { ...token, address: "b", userAgent: "v", rotate: true, limits: { ...LIMITS, grace: 0 } };
  expect(store.refreshSession(request).outcome).toBe("rotated");
  expect(entries()).toEqual(before);
  const indexed = db.all(
    `SELECT DISTINCT c.name FROM sqlite_master m, pragma_index_info(m.name) c
     WHERE m.type = 'index' AND m.tbl_name = 'sessions' ORDER BY c.name`,
  );
  expect(indexed.map(({ name }) => name)).toEqual(["sid", "sub", "sweep_at"]);
});

test("a database of before that index was is brought up to date", () => {
  const { store, db, clock } = memoryStore();
  login(store, addUser(store, "ada"));
  for (const statement of [
    "DROP INDEX sessions_to_sweep",
    "ALTER TABLE sessions DROP COLUMN sweep_at",
    "ALTER TABLE nodes DROP COLUMN config",
    "CREATE INDEX sessions_by_end ON sessions (idle_ends_at)",
    "UPDATE store SET schema = 2",
  ]) {
    db.all(statement);
  }
  expect(schemaState(db)).toEqual({ kind: "older" });
  migrate(db, "another epoch");
  expect(schemaState(db)).toEqual({ kind: "current" });
  const limits = { auditKeep: 1_000_000, auditMax: 10, batch: 10 };
  expect(store.sweep(limits).idle).toBe(0);
  clock.now += LIMITS.idle;
  expect(store.sweep(limits).idle).toBe(1);
});

test("every query of a live path uses an index", () => {
  const { db } = memoryStore();
  const plans = [
    "SELECT * FROM sessions WHERE sub = 'u'",
    "SELECT * FROM revocations WHERE id > 1 AND id <= 2 ORDER BY id LIMIT 5",
    "SELECT sid FROM sessions WHERE sweep_at <= 1 ORDER BY sweep_at LIMIT 5",
    "SELECT id FROM revocations WHERE expires <= 1 LIMIT 5",
    "SELECT key FROM attempts WHERE forgotten_at <= 1 LIMIT 5",
    "SELECT * FROM audit WHERE id > 1 AND sub = 'u' ORDER BY id LIMIT 5",
    "SELECT * FROM users WHERE username_key = 'ada'",
  ];
  for (const sql of plans) {
    const plan = db.all(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => String(detail));
    expect(plan.filter((line) => !/^SEARCH .* USING /.test(line))).toEqual([]);
  }
});
