import { IN_ALL_PARTITIONS, IN_PARTITION, IN_TIME, RUN_IN_PARTITION, RUN_IN_TIME, STARTED } from "./scripts/step.ts";

/** A Lua script as the server is given it. */
export interface Script {
  /** For messages. */
  readonly name: string;
  readonly lua: string;
  readonly writes: boolean;
}

/**
 * Calls a script in the slot of `key` with a plain object, absent fields being nil in Lua, and resolves with what it returned. Rejects
 * with StoreUnavailable or StoreOutcomeUnknown; a script that writes does so before the caller's deadline or not at all.
 */
export type RunScript = (script: Script, key: string, input: object) => Promise<unknown>;

// A shebang makes the server refuse the whole script beforehand where one of its writes would be refused half-way: out of memory,
// on a replica, with too few replicas.
const WRITES = "#!lua";
const READS = "#!lua flags=no-writes";
const ALWAYS = "#!lua flags=allow-oom";

/** `body` is a function's: it returns the reply. `uses`: the functions that it calls. */
interface Source {
  readonly uses?: readonly string[];
  readonly body: string;
}

/** A script that changes a partition's records: one atomic step with one time (`now`). */
export const writes = (name: string, source: Source): Script => ({
  name,
  lua: [WRITES, STARTED, IN_PARTITION, ...(source.uses ?? []), act(source.body), IN_TIME, RUN_IN_PARTITION].join("\n"),
  writes: true,
});

/** A script that only reads a partition's records. */
export const reads = (name: string, source: Source): Script => ({
  name,
  lua: [READS, STARTED, IN_PARTITION, ...(source.uses ?? []), act(source.body), RUN_IN_TIME].join("\n"),
  writes: false,
});

/**
 * The same for what only a primary may answer: the server takes it for one that writes, and a replica refuses it. It may run where
 * memory is full, for it writes nothing.
 */
export const readsPrimary = (name: string, source: Source): Script => ({
  ...reads(name, source),
  lua: [ALWAYS, STARTED, IN_PARTITION, ...(source.uses ?? []), act(source.body), RUN_IN_TIME].join("\n"),
});

/** The same for all partitions at once, where one server holds them. */
export const readsPrimaryAtOnce = (name: string, source: Source): Script => ({
  name,
  lua: [ALWAYS, STARTED, IN_ALL_PARTITIONS, ...(source.uses ?? []), act(source.body), RUN_IN_TIME].join("\n"),
  writes: false,
});

/** A script that replaces what a partition has by what takes no more memory: it runs where memory is full, too. */
export const replaces = (name: string, source: Source): Script => ({
  name,
  lua: [ALWAYS, STARTED, IN_PARTITION, ...(source.uses ?? []), act(source.body), IN_TIME, RUN_IN_PARTITION].join("\n"),
  writes: true,
});

/** A script that gives a partition without an epoch the one in its input, and goes on like one that writes. */
export const beginsPartition = (name: string, source: Source): Script => ({
  name,
  lua: [
    ...[WRITES, STARTED, IN_TIME, "redis.call('HSETNX', KEYS[1], 'epoch', input.epoch)", IN_PARTITION],
    ...[...(source.uses ?? []), act(source.body), RUN_IN_PARTITION],
  ].join("\n"),
  writes: true,
});

/** A script about one key outside of the partitions. */
export const writesKey = (name: string, source: Source): Script => ({
  name,
  lua: [WRITES, STARTED, ...(source.uses ?? []), act(source.body), IN_TIME, RUN_IN_TIME].join("\n"),
  writes: true,
});

export const readsKey = (name: string, source: Source): Script => ({
  name,
  lua: [READS, STARTED, ...(source.uses ?? []), act(source.body), RUN_IN_TIME].join("\n"),
  writes: false,
});

const act = (body: string): string => `local function act()\n${body}\nend`;
