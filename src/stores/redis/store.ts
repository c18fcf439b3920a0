import type { Store } from "../store.ts";
import { audit, listAudit } from "./audit.ts";
import { clientById, clientIssueTime, createClient, listClients, removeClient, rotateClientSecret } from "./clients.ts";
import { metaKey } from "./keys.ts";
import { returnAttempts, takeAttempts } from "./limits.ts";
import { announcing, nodes, retire } from "./nodes.ts";
import { ALL_PARTITIONS, COMMON } from "./partition.ts";
import { refreshSession } from "./refresh.ts";
import { integer } from "./reply.ts";
import { revoke } from "./revocations.ts";
import { type RunScript, reads } from "./script.ts";
import { createSession, endSession, session, sessionData, sessions, writeSessionData } from "./sessions.ts";
import { addKey, keys, rewrapKey } from "./signing-keys.ts";
import { sweep } from "./sweep.ts";
import {
  createUser,
  deleteUser,
  listUsers,
  setDisabled,
  setPassword,
  setRoles,
  userById,
  userByName,
} from "./users.ts";

const TIME = reads("time", { body: "return now" });

/** What follows the feed and mends it: it reads by connections of its own. */
export type Feed = Pick<Store, "readFeed" | "awaitFeed" | "sealFeed" | "restore" | "follows">;

/** The store on Redis: every operation on a user is one script in the user's partition. `run` is not used for the feed. */
export function redisStore(run: RunScript, feed: Feed, close: () => Promise<void>): Store {
  return {
    ...feed,
    // Of all partitions, so that who asks whether the store is well learns of each.
    async time() {
      const times = await Promise.all(ALL_PARTITIONS.map((partition) => run(TIME, metaKey(partition), {})));
      return integer(times[COMMON]);
    },
    createUser: (input) => createUser(run, input),
    userByName: (input) => userByName(run, input),
    userById: (input) => userById(run, input),
    listUsers: (input) => listUsers(run, input),
    setPassword: (input) => setPassword(run, input),
    setRoles: (input) => setRoles(run, input),
    setDisabled: (input) => setDisabled(run, input),
    deleteUser: (input) => deleteUser(run, input),
    createSession: (input) => createSession(run, input),
    refreshSession: (input) => refreshSession(run, input),
    session: (input) => session(run, input),
    sessions: (input) => sessions(run, input),
    endSession: (input) => endSession(run, input),
    sessionData: (input) => sessionData(run, input),
    writeSessionData: (input) => writeSessionData(run, input),
    revoke: (input) => revoke(run, input),
    createClient: (input) => createClient(run, input),
    clientById: (input) => clientById(run, input),
    listClients: () => listClients(run),
    rotateClientSecret: (input) => rotateClientSecret(run, input),
    removeClient: (input) => removeClient(run, input),
    clientIssueTime: (input) => clientIssueTime(run, input),
    keys: () => keys(run),
    addKey: (input) => addKey(run, input),
    rewrapKey: (input) => rewrapKey(run, input),
    takeAttempts: (input) => takeAttempts(run, input),
    returnAttempts: (input) => returnAttempts(run, input),
    audit: (input) => audit(run, input),
    listAudit: (input) => listAudit(run, input),
    announce: announcing(run),
    nodes: () => nodes(run),
    retire: (input) => retire(run, input),
    sweep: (input) => sweep(run, input),
    close,
  };
}
