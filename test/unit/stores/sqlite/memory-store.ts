import { NodeDatabase } from "../../../../src/runtime/node/sqlite-database.ts";
import type { SyncStore } from "../../../../src/stores/operations.ts";
import { migrate } from "../../../../src/stores/sqlite/schema.ts";
import { sqliteStore } from "../../../../src/stores/sqlite/store.ts";

export const CLI = { actor: "cli", address: null };
export const LIMITS = { idle: 1_000_000, absolute: 9_000_000, grace: 15_000, maxPerUser: 100 };

/** The store on a database in memory, at a clock that moves only when told. */
export function memoryStore(): { store: SyncStore; db: NodeDatabase; clock: { now: number } } {
  const db = new NodeDatabase(":memory:", { timeout: 0, readOnly: false });
  migrate(db, "epoch");
  const clock = { now: 1_800_000_000_000 };
  return { store: sqliteStore(db, () => clock.now), db, clock };
}

export function addUser(store: SyncStore, name: string): string {
  const user = { id: `u_${name}`, username: name, usernameKey: name, passwordHash: "h", roles: ["user"] };
  store.createUser({ user, origin: CLI });
  return user.id;
}

let made = 0;

/** Logs in and answers with the session's id and its token's time of issue. */
export function login(store: SyncStore, sub: string): { sub: string; sid: string; issuedAt: number } {
  made += 1;
  const result = store.createSession({
    session: {
      sid: `s_${made}`,
      sub,
      clientId: "postern",
      channel: "cookie",
      amr: ["pwd"],
      scopes: null,
      rHash: "r",
      secretId: "k",
      context: "c",
      address: "a",
      userAgent: "u",
    },
    limits: LIMITS,
    expectedHash: null,
    replace: null,
    origin: CLI,
  });
  if (!result.ok) throw new Error(result.reason);
  return { sub, sid: result.session.sid, issuedAt: result.issuedAt };
}
