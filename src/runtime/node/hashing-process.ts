import { type ChildProcess, fork } from "node:child_process";
import { HashingOverloaded } from "../../accounts/passwords.ts";
import type { HashingCall, HashingJob, HashingOutput, HashingReply } from "./hashing-messages.ts";

/** Milliseconds that a hash may take, at the greatest cost that can be configured, and where others want all of the time. */
const PATIENCE = 120_000;
const PAUSE_AFTER_FAILURE = 1_000;

// The sources run as they are, and what is built from them runs as JavaScript.
const PROGRAM = new URL(`./hashing-main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

interface Pending {
  readonly timer: NodeJS.Timeout;
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
}

/** One process in its lifetime, with what it has been asked. */
interface Running {
  readonly child: ChildProcess;
  readonly pending: Map<number, Pending>;
}

export interface HashingProcessOptions {
  /** Jobs at once. */
  readonly concurrency: number;
  /** Told when it has ended by itself, or could not be started. */
  readonly report: (problem: string) => void;
}

/**
 * The process in which passwords are hashed (docs/adr/0007): of a lower priority than the gateway, and the only one to load native code.
 * It is started when it is first needed; one that dies fails what it was asked and is started again.
 */
export class HashingProcess {
  readonly #options: HashingProcessOptions;
  #running: Running | null = null;
  #lastId = 0;
  #notBefore = 0;
  #released = false;

  constructor(options: HashingProcessOptions) {
    this.#options = options;
  }

  /** Rejects with HashingOverloaded where the process has ended or does not answer, and with the hash's own failure. */
  call<K extends HashingJob["kind"]>(job: HashingJob & { readonly kind: K }): Promise<HashingOutput[K]> {
    const running = this.#running ?? this.#start();
    return new Promise((resolve, reject) => {
      if (running === null) {
        reject(new HashingOverloaded("the hashing process is restarting"));
        return;
      }
      this.#lastId += 1;
      const call: HashingCall = { id: this.#lastId, job };
      const timer = setTimeout(() => this.#end(running, "did not answer in time"), PATIENCE).unref();
      running.pending.set(call.id, { timer, resolve, reject });
      hold(running);
      running.child.send(call, (error) => {
        if (error !== null) this.#end(running, error.message);
      });
    });
  }

  /** From now on the process lives only as long as it has something to do. */
  release(): void {
    this.#released = true;
    if (this.#running !== null) this.#rest(this.#running);
  }

  #start(): Running | null {
    if (performance.now() < this.#notBefore) return null;
    try {
      const child = fork(PROGRAM, [], {
        // Hashes are all that wait in its threads. It needs no secret, and what the gateway was started with is not meant for it.
        env: { UV_THREADPOOL_SIZE: String(this.#options.concurrency) },
        execArgv: ["--disable-warning=ExperimentalWarning"],
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      const running: Running = { child, pending: new Map() };
      child.on("message", (reply: HashingReply) => this.#settle(running, reply));
      child.on("error", ({ message }) => this.#end(running, message));
      child.on("exit", (code, signal) => this.#end(running, `ended with ${signal ?? code}`));
      this.#running = running;
      return running;
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  #settle(running: Running, reply: HashingReply): void {
    const asked = running.pending.get(reply.id);
    if (asked === undefined) return;
    running.pending.delete(reply.id);
    clearTimeout(asked.timer);
    if (reply.kind === "done") asked.resolve(reply.output as never);
    else asked.reject(new Error(reply.message));
    this.#rest(running);
  }

  /** A process without work holds up nobody's end. */
  #rest(running: Running): void {
    if (running.pending.size > 0) return;
    running.child.unref();
    running.child.channel?.unref();
    if (this.#released) this.#dismiss(running);
  }

  /** SIGKILL: it has nothing to put in order. */
  #dismiss(running: Running): void {
    if (this.#running === running) this.#running = null;
    running.child.removeAllListeners();
    running.child.on("error", () => {});
    running.child.kill("SIGKILL");
  }

  #end(running: Running, problem: string): void {
    if (this.#running !== running) return;
    this.#dismiss(running);
    this.#failed(problem);
    for (const { timer, reject } of running.pending.values()) {
      clearTimeout(timer);
      reject(new HashingOverloaded(`the hashing process ${problem}`));
    }
    running.pending.clear();
  }

  #failed(problem: string): void {
    this.#notBefore = performance.now() + PAUSE_AFTER_FAILURE;
    this.#options.report(problem);
  }
}

function hold({ child }: Running): void {
  child.ref();
  child.channel?.ref();
}
