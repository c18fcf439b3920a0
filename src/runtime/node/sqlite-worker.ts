import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Operation, OperationInput, SyncStore } from "../../stores/operations.ts";
import { sqliteStore } from "../../stores/sqlite/store.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import type { NodeDatabase } from "./sqlite-database.ts";
import { Abandoned, failureOf } from "./sqlite-errors.ts";
import { fileGuard } from "./sqlite-file.ts";
import {
  type Call,
  CLAIM,
  type FromThread,
  monotonic,
  type Reply,
  type ThreadData,
  type ToThread,
  wallClock,
} from "./sqlite-messages.ts";
import { openDatabase } from "./sqlite-open.ts";
import { openProblem } from "./sqlite-problems.ts";

/** Calls that share a commit at most. */
const MAX_GROUP = 64;

if (parentPort === null) throw new Error("this module is a thread");
const port = parentPort;
const { file, timeout, claims, clockOffset } = workerData as ThreadData;
const send = (message: FromThread): void => port.postMessage(message);

function start(): void {
  let db: NodeDatabase;
  let ensureInPlace: () => void;
  try {
    db = openDatabase(file, timeout);
    ensureInPlace = fileGuard(file);
  } catch (error) {
    send({ kind: "problem", message: error instanceof StoreProblem ? error.message : openProblem(file, error) });
    port.close();
    return;
  }
  const store = sqliteStore(db, wallClock(clockOffset));
  port.on("message", (message: ToThread) => {
    const { calls, close } = take(message);
    for (const reply of answerAll(db, store, calls, ensureInPlace)) send(reply);
    if (!close) return;
    db.close();
    port.close();
  });
  send({ kind: "ready" });
}

/** All that waits, up to a group's size. */
function take(message: ToThread): { readonly calls: readonly Call[]; readonly close: boolean } {
  const calls: Call[] = [];
  let next: ToThread | undefined = message;
  while (next !== undefined) {
    if (next.kind === "close") return { calls, close: true };
    calls.push(next);
    if (calls.length === MAX_GROUP) break;
    next = receiveMessageOnPort(port)?.message as ToThread | undefined;
  }
  return { calls, close: false };
}

function answerAll(
  db: NodeDatabase,
  store: SyncStore,
  calls: readonly Call[],
  ensureInPlace: () => void,
): readonly Reply[] {
  try {
    ensureInPlace();
    if (calls.length === 1) return calls.map((call) => answer(db, store, call));
    return db.group(() => calls.map((call) => answer(db, store, call)));
  } catch (error) {
    return calls.map((call) => failed(call, error));
  }
}

function answer(db: NodeDatabase, store: SyncStore, call: Call): Reply {
  try {
    refuseLate(call, CLAIM.queued);
    db.onLocked = () => refuseLate(call, CLAIM.claimed);
    return { kind: "done", id: call.id, output: run(store, call.operation, call.input) };
  } catch (error) {
    return failed(call, error);
  }
}

function run<K extends Operation>(store: SyncStore, operation: K, input: OperationInput<K>): unknown {
  return store[operation](input);
}

/** Nothing is done past the deadline, nor for a caller who has given up; `claim` is what the slot becomes otherwise. */
function refuseLate(call: Call, claim: 0 | 1): void {
  if (monotonic() >= call.deadline) throw new Abandoned("the deadline has passed");
  if (Atomics.compareExchange(claims, call.slot, CLAIM.queued, claim) !== CLAIM.queued) {
    throw new Abandoned("the caller has given up");
  }
}

function failed(call: Call, error: unknown): Reply {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "failed", id: call.id, failure: failureOf(error), message: `${call.operation}: ${message}` };
}

start();
