import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { StoreAddress } from "../../config/config.ts";
import { storeOver } from "../../stores/operations.ts";
import { type Store, StoreUnavailable } from "../../stores/store.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import { openRedis } from "../redis/store.ts";
import { SqliteFeed } from "./sqlite-feed.ts";
import { wallClock } from "./sqlite-messages.ts";
import { fileProblem, partIsFile } from "./sqlite-problems.ts";
import { SqliteThread } from "./sqlite-thread.ts";

export { StoreProblem } from "../../stores/store-problem.ts";

export interface StoreOptions {
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  /** Replicas that must have an ending before it is acknowledged (Redis); absent: none. */
  readonly minReplicas?: number;
  /** One number in shared memory: milliseconds to add to the machine's clock. Tests move the store's time with it. */
  readonly clockOffset?: BigInt64Array;
}

/** Opens the store that the configuration names. Rejects with StoreProblem. */
export async function openStore(address: StoreAddress, options: StoreOptions): Promise<Store> {
  switch (address.kind) {
    case "sqlite":
      return openSqlite(address.file, options);
    case "redis":
      return openRedis(address, { ...options, clockOffset: offsetOf(options.clockOffset) });
  }
}

const offsetOf =
  (shared: BigInt64Array | undefined): (() => number) =>
  () =>
    shared === undefined ? 0 : Number(Atomics.load(shared, 0));

async function openSqlite(file: string, options: StoreOptions): Promise<Store> {
  prepare(file);
  const clockOffset = options.clockOffset ?? null;
  const thread = new SqliteThread({ file, timeout: options.timeout, clockOffset });
  await thread.open();
  const feed = new SqliteFeed(file, wallClock(clockOffset));
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    if (closing === null) {
      feed.close();
      closing = thread.close();
    }
    return closing;
  };
  const readFeed: Store["readFeed"] = async (input) => {
    if (closing !== null) throw new StoreUnavailable("readFeed: the store is closed");
    return feed.read(input);
  };
  return { ...storeOver((operation, input) => thread.call(operation, input), close), readFeed };
}

/** Makes folder and file where they are missing, readable by their owner alone; SQLite gives its side files the file's mode. */
function prepare(file: string): void {
  const folder = dirname(file);
  try {
    makeFolder(folder, file);
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
      throw new StoreProblem(`${file} is a folder, not a database. Name a file in it in "store".`);
    }
    closeSync(openSync(file, "a", 0o600));
  } catch (error) {
    throw error instanceof StoreProblem ? error : new StoreProblem(fileProblem(file, error));
  }
}

// Not by mkdir's own `recursive`, which never ends on a file system that answers ENOENT for what it will not make.
function makeFolder(folder: string, file: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found !== undefined) throw new StoreProblem(partIsFile(file));
  makeFolder(dirname(folder), file);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process that starts at the same time may have made it.
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) throw error;
  }
}
