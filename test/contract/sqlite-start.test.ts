import { chmod, mkdir, open, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openStore, StoreProblem } from "../../src/runtime/node/open-store.ts";
import { tempDir } from "../support/temp-dir.ts";
import { openSqlite } from "./open-sqlite.ts";
import { Subject } from "./subject.ts";

/** What a start on this file complains of. */
async function problemOf(file: string): Promise<string> {
  try {
    await (await openStore({ kind: "sqlite", file }, { timeout: 1_000 })).close();
  } catch (error) {
    if (error instanceof StoreProblem) return error.message;
    throw error;
  }
  return "none";
}

/** A store with enough users to fill several pages, closed. */
async function filled(): Promise<string> {
  const opened = await openSqlite();
  const s = new Subject(opened);
  await Promise.all(Array.from({ length: 200 }, (_, index) => s.user(`user-${index}`)));
  await opened.close();
  return opened.file;
}

test("folder and files are made for their owner alone", async () => {
  const file = join(await tempDir(), "deep", "er", "postern.db");
  const opened = await openSqlite(file);
  await new Subject(opened).user();
  expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
  expect((await stat(dirname(dirname(file)))).mode & 0o777).toBe(0o700);
  for (const suffix of ["", "-wal", "-shm"]) expect((await stat(`${file}${suffix}`)).mode & 0o777).toBe(0o600);
  await opened.close();
});

test("a store is there again after a proper end, under the same epoch", async () => {
  const first = await openSqlite();
  const user = await new Subject(first).user();
  const { state } = await first.store.readFeed({ after: null, limit: 1 });
  await first.close();
  await expect(first.store.userById({ sub: user.id })).rejects.toMatchObject({ name: "StoreUnavailable" });
  await expect(first.store.readFeed({ after: null, limit: 1 })).rejects.toMatchObject({ name: "StoreUnavailable" });
  const second = await openSqlite(first.file);
  expect(await second.store.userById({ sub: user.id })).toEqual(user);
  expect((await second.store.readFeed({ after: null, limit: 1 })).state).toEqual(state);
  await second.close();
});

test("a file that is no database", async () => {
  const file = join(await tempDir(), "postern.db");
  await writeFile(file, "dear diary,\n".repeat(1_000));
  expect(await problemOf(file)).toMatch(/is not a SQLite database, or is damaged\. Restore it from a backup/);
  expect(await readFile(file, "utf8")).toMatch(/^dear diary/);
});

test("a page overwritten in the middle", async () => {
  const file = await filled();
  const handle = await open(file, "r+");
  const { size } = await handle.stat();
  for (let page = 4; page < size / 4096; page++) await handle.write(Buffer.alloc(512, 0xa5), 0, 512, page * 4096);
  await handle.close();
  expect(await problemOf(file)).toMatch(/is damaged\. Restore it from a backup/);
});

test("a database cut short", async () => {
  const file = await filled();
  const handle = await open(file, "r+");
  await handle.truncate(Math.floor((await handle.stat()).size / 8192) * 4096);
  await handle.close();
  expect(await problemOf(file)).toMatch(/is damaged|not a SQLite database, or is damaged/);
});

test("a newer schema, and another program's database", async () => {
  const file = await filled();
  const db = new DatabaseSync(file);
  db.exec("UPDATE store SET schema = 99");
  db.close();
  expect(await problemOf(file)).toMatch(/was made by a newer Postern \(its schema is 99/);

  const other = join(await tempDir(), "other.db");
  const foreign = new DatabaseSync(other);
  foreign.exec("CREATE TABLE songs (title TEXT)");
  foreign.close();
  expect(await problemOf(other)).toMatch(/belongs to another program/);
});

test("a folder in place of a file, and a file in place of a folder", async () => {
  const folder = await tempDir();
  await mkdir(join(folder, "postern.db"));
  expect(await problemOf(join(folder, "postern.db"))).toMatch(/is a folder, not a database/);
  await writeFile(join(folder, "file"), "");
  expect(await problemOf(join(folder, "file", "postern.db"))).toMatch(/a part of its path is a file/);
});

test("a folder that cannot be written", async () => {
  // Modes do not bind root; the kernel's own file systems do.
  const folder = process.getuid?.() === 0 ? "/proc" : await tempDir();
  if (folder !== "/proc") await chmod(folder, 0o500);
  expect(await problemOf(join(folder, "postern.db"))).toMatch(/cannot be written\. Give the user who runs Postern/);
  expect(await problemOf(join(folder, "new", "postern.db"))).toMatch(
    /cannot be written\. Give the user who runs Postern/,
  );
  if (folder !== "/proc") await chmod(folder, 0o700);
});

test("another program holds the lock", async () => {
  const file = await filled();
  const lock = new DatabaseSync(file);
  lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  expect(await problemOf(file)).toMatch(/Another program holds the database .* locked/);
  lock.close();
}, 60_000);
