import { describe, expect, test } from "vitest";
import { CommitInDoubt, failureOf, sqliteCode } from "../../../../src/runtime/node/sqlite-errors.ts";
import { addUser, login, memoryStore } from "../../stores/sqlite/memory-store.ts";

describe("a group of transactions", () => {
  test("is stored together, and one that throws takes only its own work back", () => {
    const { store, db } = memoryStore();
    const failing = () =>
      db.transaction(() => {
        addUserRow();
        throw new Error("no");
      });
    const addUserRow = () => db.all("INSERT INTO client_not_befores VALUES ('c_1', 1)");
    db.group(() => {
      addUser(store, "ada");
      expect(failing).toThrow("no");
      addUser(store, "bob");
    });
    expect(store.listUsers({ after: null, limit: 10 }).map(({ username }) => username)).toEqual(["ada", "bob"]);
    expect(db.all("SELECT * FROM client_not_befores")).toEqual([]);
  });

  test("is lost together when something outside its transactions throws, and the next one is not harmed", () => {
    const { store, db } = memoryStore();
    const group = () =>
      db.group(() => {
        addUser(store, "ada");
        throw new Error("no");
      });
    expect(group).toThrow("no");
    expect(store.listUsers({ after: null, limit: 10 })).toEqual([]);
    db.group(() => addUser(store, "bob"));
    expect(store.listUsers({ after: null, limit: 10 })).toHaveLength(1);
  });

  test("what onLocked throws abandons one transaction of it", () => {
    const { store, db } = memoryStore();
    db.group(() => {
      addUser(store, "ada");
      db.onLocked = () => {
        throw new Error("too late");
      };
      expect(() => addUser(store, "bob")).toThrow("too late");
      db.onLocked = () => {};
      addUser(store, "cyd");
    });
    expect(store.listUsers({ after: null, limit: 10 }).map(({ username }) => username)).toEqual(["ada", "cyd"]);
  });
});

describe("a full disk", () => {
  /** Fills the database to its last page; answers with what the first refused write threw. */
  function fill(work: () => void): unknown {
    for (let writes = 0; writes < 5_000; writes++) {
      try {
        work();
      } catch (error) {
        return error;
      }
    }
    return null;
  }

  test("a write is refused as unavailable, nothing is lost, and it goes on when there is room", () => {
    const { store, db, clock } = memoryStore();
    const sub = addUser(store, "ada");
    db.all("PRAGMA max_page_count = 60");
    const sids: string[] = [];
    const error = fill(() => {
      clock.now += 1;
      sids.push(login(store, sub).sid);
    });
    expect(sqliteCode(error)).toBe(13);
    expect(failureOf(error)).toBe("unavailable");
    const live = () =>
      store
        .sessions({ sub })
        .map(({ sid }) => sid)
        .sort();
    // Those beyond maxPerUser have ended by themselves.
    const expected = sids.slice(-100).sort();
    expect(live()).toEqual(expected);
    db.all("PRAGMA max_page_count = 1000");
    const { sid } = login(store, sub);
    expect(live()).toContain(sid);
  });

  test("in a group nothing is acknowledged that was not stored", () => {
    const { store, db } = memoryStore();
    addUser(store, "ada");
    db.all("PRAGMA max_page_count = 60");
    const event = { kind: "admin_call", actor: "admin", sub: null, sid: null, address: null } as const;
    const write = () => store.audit({ event: { ...event, detail: { what: "x".repeat(500) } } });
    let acknowledged = 0;
    const error = fill(() => {
      const done = db.group(() => {
        let stored = 0;
        for (let index = 0; index < 7; index++) {
          try {
            write();
            stored += 1;
          } catch (refused) {
            expect(failureOf(refused)).toBe("unavailable");
          }
        }
        return stored;
      });
      acknowledged += done;
      if (done < 7) throw new Error("full");
    });
    expect(error).not.toBeNull();
    const kept = store.listAudit({ after: null, limit: 10_000, sub: null });
    expect(kept.filter(({ kind }) => kind === "admin_call")).toHaveLength(acknowledged);
  });
});

test("an error of the code's own is a fault, and a commit in doubt is outcome unknown", () => {
  const { db, store } = memoryStore();
  addUser(store, "ada");
  let error: unknown = null;
  try {
    db.all("INSERT INTO users SELECT * FROM users");
  } catch (thrown) {
    error = thrown;
  }
  expect(sqliteCode(error)).toBe(19);
  expect(failureOf(error)).toBe("fault");
  expect(failureOf(new Error("x"))).toBe("fault");
  expect(failureOf(new CommitInDoubt())).toBe("outcome_unknown");
});
