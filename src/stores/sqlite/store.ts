import type { SyncStore } from "../operations.ts";
import { audit, listAudit } from "./audit.ts";
import { clientById, clientIssueTime, createClient, listClients, removeClient, rotateClientSecret } from "./clients.ts";
import type { SyncDatabase } from "./database.ts";
import { readFeed } from "./feed.ts";
import { addKey, keys, rewrapKey } from "./keys.ts";
import { returnAttempts, takeAttempts } from "./limits.ts";
import { announce, nodes, retire } from "./nodes.ts";
import { refreshSession } from "./refresh.ts";
import { restore, revoke, sealFeed } from "./revocations.ts";
import { createSession, endSession, session, sessionData, sessions, writeSessionData } from "./sessions.ts";
import { beginStep, keepTime, type Step, storeTime } from "./step.ts";
import { sweep } from "./sweep.ts";
import { listUsers, userById, userByName } from "./user-rows.ts";
import { createUser, deleteUser, setDisabled, setPassword, setRoles } from "./users.ts";

/**
 * The embedded store over one SQLite connection whose schema is current (schema.ts). Every operation is one step: a read sees
 * what is committed, a write is one transaction. `wall`: the machine's clock, milliseconds since 1970.
 */
export function sqliteStore(db: SyncDatabase, wall: () => number): SyncStore {
  let latest = 0;
  const begin = (): Step => {
    const step = beginStep(db, storeTime(wall(), latest));
    latest = step.now;
    return step;
  };
  const read =
    <I, O>(operation: (step: Step, input: I) => O) =>
    (input: I): O =>
      operation(begin(), input);
  const write =
    <I, O>(operation: (step: Step, input: I) => O) =>
    (input: I): O =>
      db.transaction(() => {
        const step = begin();
        keepTime(step);
        return operation(step, input);
      });
  return {
    time: read((step) => step.now),
    createUser: write(createUser),
    userByName: read(userByName),
    userById: read(userById),
    listUsers: read(listUsers),
    setPassword: write(setPassword),
    setRoles: write(setRoles),
    setDisabled: write(setDisabled),
    deleteUser: write(deleteUser),
    createSession: write(createSession),
    refreshSession: write(refreshSession),
    session: read(session),
    sessions: read(sessions),
    endSession: write(endSession),
    sessionData: read(sessionData),
    writeSessionData: write(writeSessionData),
    revoke: write(revoke),
    readFeed: read(readFeed),
    awaitFeed: () => null,
    sealFeed: write(sealFeed),
    restore: write(restore),
    createClient: write(createClient),
    clientById: read(clientById),
    listClients: read(listClients),
    rotateClientSecret: write(rotateClientSecret),
    removeClient: write(removeClient),
    // Without the lock: a revocation that comes in between names a time that covers this one.
    clientIssueTime: read(clientIssueTime),
    keys: read(keys),
    addKey: write(addKey),
    rewrapKey: write(rewrapKey),
    takeAttempts: write(takeAttempts),
    returnAttempts: write(returnAttempts),
    audit: write(audit),
    listAudit: read(listAudit),
    announce: write(announce),
    nodes: read(nodes),
    retire: write(retire),
    sweep: write(sweep),
  };
}
