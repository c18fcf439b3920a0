import { Worker } from "node:worker_threads";
import type { Operation, OperationInput, OperationOutput } from "../../stores/operations.ts";
import { StoreOutcomeUnknown, StoreUnavailable } from "../../stores/store.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import { type Call, CLAIM, type FromThread, monotonic, type Reply, type ThreadData } from "./sqlite-messages.ts";

/** Calls under way at most; beyond it the store is overloaded and says so at once. */
const SLOTS = 4096;
const PAUSE_AFTER_FAILURE = 1_000;

// The sources run as they are, and what is built from them runs as JavaScript.
const WORKER = new URL(`./sqlite-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

export interface ThreadOptions {
  readonly file: string;
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  readonly clockOffset: BigInt64Array | null;
  /** The thread's module, where it is not the one beside this. */
  readonly worker?: URL;
}

interface Pending {
  readonly slot: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
}

/** One thread in its lifetime, with the calls that it has been sent. */
interface Thread {
  readonly worker: Worker;
  readonly claims: Int32Array;
  readonly free: number[];
  readonly pending: Map<number, Pending>;
}

/** The thread in which all SQL runs, so that an fsync never stops the event loop. One that dies is started again. */
export class SqliteThread {
  readonly #options: ThreadOptions;
  #thread: Thread | null = null;
  #lastId = 0;
  #notBefore = 0;
  #closed = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Resolves when the database is open; rejects with StoreProblem. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { worker } = this.#start();
      worker.once("message", (message: FromThread) => {
        if (message.kind === "problem") reject(new StoreProblem(message.message));
        else resolve();
      });
      worker.once("error", reject);
    });
  }

  call<K extends Operation>(operation: K, input: OperationInput<K>): Promise<OperationOutput<K>> {
    return new Promise((resolve, reject) => {
      const thread = this.#running();
      const slot = thread?.free.pop();
      if (thread === null || slot === undefined) {
        reject(
          new StoreUnavailable(`${operation}: the store is ${thread === null ? "closed or restarting" : "overloaded"}`),
        );
        return;
      }
      this.#lastId += 1;
      const id = this.#lastId;
      Atomics.store(thread.claims, slot, CLAIM.queued);
      const timer = setTimeout(() => this.#giveUp(thread, id, operation), this.#options.timeout);
      thread.pending.set(id, { slot, timer, resolve, reject });
      const call: Call<K> = {
        kind: "call",
        id,
        slot,
        deadline: monotonic() + this.#options.timeout,
        operation,
        input,
      };
      thread.worker.postMessage(call);
    });
  }

  /** Answers what has been asked, then closes the database. */
  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    if (thread === null) return;
    const ended = new Promise((resolve) => thread.worker.once("exit", resolve));
    thread.worker.postMessage({ kind: "close" });
    await ended;
  }

  #running(): Thread | null {
    if (this.#closed) return null;
    if (this.#thread === null && monotonic() >= this.#notBefore) this.#start();
    return this.#thread;
  }

  #start(): Thread {
    const { file, timeout, clockOffset } = this.#options;
    const claims = new Int32Array(new SharedArrayBuffer(SLOTS * 4));
    const workerData: ThreadData = { file, timeout, claims, clockOffset };
    const worker = new Worker(this.#options.worker ?? WORKER, {
      workerData,
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    const free = Array.from({ length: SLOTS }, (_, slot) => slot);
    const thread: Thread = { worker, claims, free, pending: new Map() };
    worker.on("message", (message: FromThread) => {
      if (message.kind === "done" || message.kind === "failed") settle(thread, message);
    });
    // The exit follows the error and says all that is to be done.
    worker.on("error", () => {});
    worker.on("exit", () => this.#ended(thread));
    this.#thread = thread;
    return thread;
  }

  #ended(thread: Thread): void {
    this.#thread = null;
    this.#notBefore = monotonic() + PAUSE_AFTER_FAILURE;
    for (const { slot, timer, reject } of thread.pending.values()) {
      clearTimeout(timer);
      const done = Atomics.load(thread.claims, slot) === CLAIM.claimed;
      reject(
        done ? new StoreOutcomeUnknown("the store's thread ended") : new StoreUnavailable("the store's thread ended"),
      );
    }
    thread.pending.clear();
  }

  #giveUp(thread: Thread, id: number, operation: Operation): void {
    const pending = thread.pending.get(id);
    if (pending === undefined) return;
    const claim = Atomics.compareExchange(thread.claims, pending.slot, CLAIM.queued, CLAIM.abandoned);
    if (claim === CLAIM.queued) {
      pending.reject(new StoreUnavailable(`${operation}: no answer in time`));
      return;
    }
    // The reply may stand in the port while the event loop was busy: it is read before this runs.
    setImmediate(() => pending.reject(new StoreOutcomeUnknown(`${operation}: no answer in time`)));
  }
}

// A slot is free again only when the thread has done with its call.
function settle(thread: Thread, reply: Reply): void {
  const pending = thread.pending.get(reply.id);
  if (pending === undefined) return;
  thread.pending.delete(reply.id);
  thread.free.push(pending.slot);
  clearTimeout(pending.timer);
  if (reply.kind === "done") pending.resolve(reply.output as never);
  else pending.reject(errorOf(reply));
}

function errorOf(reply: Reply & { readonly kind: "failed" }): Error {
  switch (reply.failure) {
    case "unavailable":
      return new StoreUnavailable(reply.message);
    case "outcome_unknown":
      return new StoreOutcomeUnknown(reply.message);
    case "fault":
      return new Error(reply.message);
  }
}
