import type { Store } from "./store.ts";

type Operations = Omit<Store, "close" | "follows">;
export type Operation = keyof Operations;
export type OperationInput<K extends Operation> = Parameters<Operations[K]>[0];
export type OperationOutput<K extends Operation> = Awaited<ReturnType<Operations[K]>>;

/** The port's operations as a store that answers at once offers them: the same names, plain data in and out. */
export type SyncStore = { readonly [K in Operation]: (input: OperationInput<K>) => OperationOutput<K> };

/** Sends an operation to wherever the store's code runs. */
export type CallStore = <K extends Operation>(operation: K, input: OperationInput<K>) => Promise<OperationOutput<K>>;

type Calls = { readonly [K in Operation]: (input: OperationInput<K>) => Promise<OperationOutput<K>> };

/** An operation of a store by its name. */
export function operationOf<K extends Operation>(store: Store, operation: K): Calls[K] {
  const calls: Calls = store;
  return calls[operation];
}

/** The port over one way of calling, for a store whose code runs in another thread or in another process. */
export function storeOver(call: CallStore, close: Store["close"], follows: Store["follows"] = () => {}): Store {
  return {
    ...{ close, follows },
    time: (input) => call("time", input),
    createUser: (input) => call("createUser", input),
    userByName: (input) => call("userByName", input),
    userById: (input) => call("userById", input),
    listUsers: (input) => call("listUsers", input),
    setPassword: (input) => call("setPassword", input),
    setRoles: (input) => call("setRoles", input),
    setDisabled: (input) => call("setDisabled", input),
    deleteUser: (input) => call("deleteUser", input),
    createSession: (input) => call("createSession", input),
    refreshSession: (input) => call("refreshSession", input),
    session: (input) => call("session", input),
    sessions: (input) => call("sessions", input),
    endSession: (input) => call("endSession", input),
    sessionData: (input) => call("sessionData", input),
    writeSessionData: (input) => call("writeSessionData", input),
    revoke: (input) => call("revoke", input),
    readFeed: (input) => call("readFeed", input),
    awaitFeed: (input) => call("awaitFeed", input),
    sealFeed: (input) => call("sealFeed", input),
    restore: (input) => call("restore", input),
    createClient: (input) => call("createClient", input),
    clientById: (input) => call("clientById", input),
    listClients: (input) => call("listClients", input),
    rotateClientSecret: (input) => call("rotateClientSecret", input),
    removeClient: (input) => call("removeClient", input),
    clientIssueTime: (input) => call("clientIssueTime", input),
    keys: (input) => call("keys", input),
    addKey: (input) => call("addKey", input),
    rewrapKey: (input) => call("rewrapKey", input),
    takeAttempts: (input) => call("takeAttempts", input),
    returnAttempts: (input) => call("returnAttempts", input),
    audit: (input) => call("audit", input),
    listAudit: (input) => call("listAudit", input),
    announce: (input) => call("announce", input),
    nodes: (input) => call("nodes", input),
    retire: (input) => call("retire", input),
    sweep: (input) => call("sweep", input),
  };
}
