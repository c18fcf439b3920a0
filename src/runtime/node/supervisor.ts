import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { extname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Config } from "../../config/config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { keepFixed, keepListeners } from "../../config/fixed.ts";
import { problem } from "../../config/problems.ts";
import { countersOf, mergeExpositions } from "../../metrics/merge.ts";
import { mergeReadiness } from "../../observe/merge-readiness.ts";
import type { Observe } from "../../observe/observation.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import { ListenProblem } from "./bind.ts";
import { createLog, logObservations } from "./log.ts";
import { LogSink } from "./log-sink.ts";
import { packageVersion } from "./package-version.ts";
import type { Served, ServeOptions } from "./serve-in-process.ts";
import { closeUndelivered } from "./undelivered-connections.ts";
import {
  type Answer,
  type NewConfig,
  Pending,
  type Question,
  type ToSupervisor,
  type ToWorker,
} from "./worker-messages.ts";

/** Milliseconds that a worker may take to answer, and to take over a configuration. */
const ANSWER = 2_000;
const RELOAD = 30_000;
/** Milliseconds that a worker may take to close its store, when all that it served has ended. */
const LAST = 10_000;
/** A worker that has run this long has not failed at its start. */
const SETTLED = 10_000;
const MAX_PAUSE = 10_000;

/** Times in a row that a worker has not settled, after which, where none is left that serves, it is over. */
const GIVE_UP = 6;
const STANDARD_OUTPUT = 1;
/** That of this process, whatever is installed meanwhile. */
const VERSION = packageVersion();

interface Member {
  /** The worker's number, which its successor inherits. */
  readonly number: number;
  readonly worker: Worker;
  readonly pending: Pending;
  readonly since: number;
  readonly gone: Promise<unknown>;
  /** `leaving`: another one has taken its place. */
  state: "starting" | "serving" | "leaving";
  /** Why it could not start. */
  failure: Error | null;
  /** What it last said that it had counted. */
  metrics: string;
}

interface Addresses {
  readonly url: string;
  readonly operationsUrl: string;
}

/**
 * Runs a gateway as several processes that share its listeners: connections go to them by turns. Each has its own view, connection to
 * the store and caches; what they say of themselves is put together here. One that ends is replaced. Rejects when one of them cannot
 * start, with its reason.
 */
export async function superviseWorkers(options: ServeOptions, count: number): Promise<Served> {
  const supervisor = new Supervisor(options, count);
  const { url, operationsUrl } = await supervisor.start();
  return {
    ...{ url, operationsUrl },
    reload: (load) => supervisor.reload(load),
    restart: (load) => supervisor.restart(load),
    gaveUp: supervisor.gaveUp,
    // Its own: each worker tells of its.
    defect(error) {
      console.error(error);
    },
    close: () => supervisor.close(),
  };
}

class Supervisor {
  readonly #options: ServeOptions;
  readonly #count: number;
  readonly #members = new Set<Member>();
  /** How often each has failed at its start, one time after the other. */
  readonly #failures = new Map<number, number>();
  readonly #ending = new AbortController();
  readonly #observe: Observe;
  readonly #givenUp = Promise.withResolvers<Error>();
  readonly gaveUp = this.#givenUp.promise;
  #config: Config;
  #isRunning = false;
  /** Metrics of those that have ended. */
  #departed = "";
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: ServeOptions, count: number) {
    this.#options = options;
    this.#config = options.config;
    this.#count = count;
    const log = createLog(options.config, new LogSink(STANDARD_OUTPUT, () => {}), null);
    this.#observe = logObservations(log, () => false);
  }

  async start(): Promise<Addresses> {
    const exec = fileURLToPath(new URL(`worker-main${extname(import.meta.url)}`, import.meta.url));
    cluster.setupPrimary({ exec, args: [], serialization: "advanced" });
    try {
      // One first: what it makes, as tables and keys, the others find.
      const addresses = await this.#launch(1, null);
      await Promise.all(Array.from({ length: this.#count - 1 }, (_, index) => this.#launch(index + 2, null)));
      this.#isRunning = true;
      return addresses;
    } catch (error) {
      this.#abandon();
      throw error;
    }
  }

  /** One worker after the other goes over. */
  reload(load: () => Promise<Config>): Promise<void> {
    return this.#inTurn(async () => {
      const result = await attempt(load);
      if (result.ok) this.#config = keepFixed(this.#config, result.config).config;
      await this.#tell(result);
    });
  }

  /** One worker after the other is replaced. Where a new one does not start, those that are left stay. */
  restart(load: () => Promise<Config>): Promise<void> {
    return this.#inTurn(async () => {
      const result = await attempt(load);
      const failure = result.ok ? await this.#replaceAll(keepListeners(this.#config, result.config)) : null;
      if (failure === null) return this.#tell(result);
      const problems = [problem([], `a process could not be started with it: ${failure}`)];
      await this.#tell({ ok: false, problems });
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    const { delay: notice, drain } = this.#config.shutdown;
    await end([...this.#members], "stop", notice + drain + LAST);
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    this.#reloading = this.#reloading.then(act);
    return this.#reloading;
  }

  async #tell(result: NewConfig): Promise<void> {
    for (const member of [...this.#members]) {
      if (member.state === "leaving") continue;
      await member.pending.ask((id) => send(member, { kind: "reload", id, result }), RELOAD);
    }
  }

  /** Resolves with why a worker could not be replaced, or null. */
  async #replaceAll(config: Config): Promise<string | null> {
    const before = this.#config;
    this.#config = config;
    for (const [index, old] of [...this.#members].entries()) {
      if (this.#ending.signal.aborted) return null;
      try {
        await this.#launch(old.number, null);
      } catch (error) {
        if (index === 0) this.#config = before;
        return error instanceof Error ? error.message : String(error);
      }
      old.state = "leaving";
      await end([old], "hand_over", before.shutdown.drain + LAST);
    }
    return null;
  }

  #abandon(): void {
    this.#ending.abort();
    for (const { worker } of this.#members) worker.process.kill("SIGKILL");
  }

  /** Resolves when the worker serves. */
  async #launch(number: number, replaces: string | null): Promise<Addresses> {
    const worker = cluster.fork();
    closeUndelivered(worker.process);
    const gone = once(worker, "exit");
    const member: Member = {
      ...{ number, worker, gone, pending: new Pending(), since: performance.now() },
      ...{ state: "starting", failure: null, metrics: "" },
    };
    this.#members.add(member);
    const serving = new Promise<Addresses>((resolve) => {
      worker.on("message", (message: ToSupervisor) => {
        if (message.kind === "serving") resolve(message);
        void this.#take(member, message);
      });
    });
    const lost = gone.then(([code, signal]) => {
      const failure = member.failure ?? new Error(`A worker ended (${signal ?? `exit code ${code}`}).`);
      this.#lose(member, failure.message);
      throw failure;
    });
    const { secrets } = this.#options;
    send(member, { kind: "start", config: this.#config, secrets, worker: number, replaces, version: VERSION });
    return Promise.race([serving, lost]);
  }

  async #take(member: Member, message: ToSupervisor): Promise<void> {
    switch (message.kind) {
      case "serving":
        member.state = "serving";
        return;
      case "failed":
        member.failure = errorOf(message.problem, message.message);
        return;
      case "ask":
        send(member, { kind: "answer", id: message.id, answer: await this.#ask(message.question) });
        return;
      case "answer":
        member.pending.settle(message.id, message.answer);
        return;
      case "last":
        member.metrics = message.metrics;
        return;
      default:
        message satisfies never;
    }
  }

  #lose(member: Member, reason: string): void {
    this.#departed = countersOf([this.#departed, member.metrics]);
    this.#members.delete(member);
    const hasOther = [...this.#members].some(({ number, state }) => number === member.number && state !== "leaving");
    if (this.#isRunning && !hasOther && !this.#ending.signal.aborted) void this.#replace(member, reason);
  }

  /** At once, and later each time where it does not get going. */
  async #replace({ number, since }: Member, reason: string): Promise<void> {
    const failures = performance.now() - since > SETTLED ? 0 : (this.#failures.get(number) ?? 0);
    this.#failures.set(number, failures + 1);
    if (failures + 1 >= GIVE_UP && ![...this.#members].some(({ state }) => state === "serving")) {
      this.#abandon();
      this.#givenUp.resolve(new Error(reason));
      return;
    }
    const pause = failures === 0 ? 0 : Math.min(MAX_PAUSE, 100 * 2 ** failures);
    this.#observe({ kind: "worker_lost", worker: number, reason, pause });
    const { signal } = this.#ending;
    await delay(pause, undefined, { signal }).catch(() => {});
    // One that fails is lost in its turn.
    if (!signal.aborted) await this.#launch(number, reason).catch(() => {});
  }

  /** What all that serve say together. */
  async #ask(question: Question): Promise<Answer> {
    const asked = question === "metrics" ? ["serving", "leaving"] : ["serving"];
    const members = [...this.#members].filter(({ state }) => asked.includes(state));
    const answers = await Promise.all(
      // One that ends meanwhile takes no connections either.
      members.map((member) =>
        Promise.race([
          member.pending.ask((id) => send(member, { kind: "ask", id, question }), ANSWER),
          member.gone.then((): Answer => ({})),
        ]),
      ),
    );
    switch (question) {
      case "readiness": {
        const said = answers.flatMap((answer) => answer?.readiness ?? []);
        return {
          readiness: mergeReadiness(said, {
            wanted: this.#count,
            complete: this.#isRunning && !answers.includes(null),
          }),
        };
      }
      case "metrics":
        members.forEach((member, index) => {
          member.metrics = answers[index]?.metrics ?? member.metrics;
        });
        return { metrics: mergeExpositions([...members.map(presentOf), this.#departed]) };
    }
  }
}

/** Of one that leaves only what it has counted. */
const presentOf = ({ state, metrics }: Member): string => (state === "leaving" ? countersOf([metrics]) : metrics);

/** Resolves when they have ended; those that have not by then, in milliseconds, are killed. */
async function end(members: readonly Member[], how: "stop" | "hand_over", patience: number): Promise<void> {
  for (const member of members) send(member, { kind: how });
  const late = setTimeout(() => {
    for (const { worker } of members) worker.process.kill("SIGKILL");
  }, patience);
  await Promise.all(members.map(({ gone }) => gone));
  clearTimeout(late);
}

function send({ worker }: Member, message: ToWorker): void {
  // Whoever has gone meanwhile is replaced.
  if (worker.isConnected()) worker.send(message, () => {});
}

async function attempt(load: () => Promise<Config>): Promise<NewConfig> {
  try {
    return { ok: true, config: await load() };
  } catch (error) {
    if (error instanceof ConfigError) return { ok: false, problems: error.problems };
    return { ok: false, problems: [problem([], error instanceof Error ? error.message : String(error))] };
  }
}

function errorOf(kind: "store" | "listen" | "other", message: string): Error {
  switch (kind) {
    case "store":
      return new StoreProblem(message);
    case "listen":
      return new ListenProblem(message);
    case "other":
      return new Error(message);
  }
}
