import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { extname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Config } from "../../config/config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { keepFixed } from "../../config/fixed.ts";
import { problem } from "../../config/problems.ts";
import { countersOf, mergeExpositions } from "../../metrics/merge.ts";
import { mergeReadiness } from "../../observe/merge-readiness.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import { ListenProblem } from "./bind.ts";
import type { Served, ServeOptions } from "./serve-in-process.ts";
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

interface Member {
  readonly worker: Worker;
  readonly pending: Pending;
  readonly since: number;
  readonly gone: Promise<unknown>;
  isServing: boolean;
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
  /** By the worker's number, which its successor inherits. */
  readonly #members = new Map<number, Member>();
  /** How often each has failed at its start, one time after the other. */
  readonly #failures = new Map<number, number>();
  readonly #ending = new AbortController();
  #config: Config;
  #isRunning = false;
  /** Metrics of those that have ended. */
  #departed = "";
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: ServeOptions, count: number) {
    this.#options = options;
    this.#config = options.config;
    this.#count = count;
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
      this.#ending.abort();
      for (const { worker } of this.#members.values()) worker.process.kill("SIGKILL");
      throw error;
    }
  }

  /** One worker after the other goes over. */
  reload(load: () => Promise<Config>): Promise<void> {
    this.#reloading = this.#reloading.then(async () => {
      const result = await attempt(load);
      if (result.ok) this.#config = keepFixed(this.#config, result.config).config;
      for (const member of [...this.#members.values()]) {
        await member.pending.ask((id) => send(member, { kind: "reload", id, result }), RELOAD);
      }
    });
    return this.#reloading;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    const members = [...this.#members.values()];
    for (const member of members) send(member, { kind: "stop" });
    const { shutdown } = this.#config;
    const patience = setTimeout(
      () => {
        for (const { worker } of members) worker.process.kill("SIGKILL");
      },
      shutdown.delay + shutdown.drain + LAST,
    );
    await Promise.all(members.map(({ gone }) => gone));
    clearTimeout(patience);
  }

  /** Resolves when the worker serves. */
  async #launch(number: number, replaces: string | null): Promise<Addresses> {
    const worker = cluster.fork();
    const gone = once(worker, "exit");
    const member: Member = {
      ...{ worker, gone, pending: new Pending(), since: performance.now() },
      ...{ isServing: false, failure: null, metrics: "" },
    };
    this.#members.set(number, member);
    const serving = new Promise<Addresses>((resolve) => {
      worker.on("message", (message: ToSupervisor) => {
        if (message.kind === "serving") resolve(message);
        void this.#take(member, message);
      });
    });
    const lost = gone.then(([code, signal]) => {
      const failure = member.failure ?? new Error(`A worker ended (${signal ?? `exit code ${code}`}).`);
      this.#lose(number, member, failure.message);
      throw failure;
    });
    const { secrets } = this.#options;
    send(member, { kind: "start", config: this.#config, secrets, worker: number, replaces });
    return Promise.race([serving, lost]);
  }

  async #take(member: Member, message: ToSupervisor): Promise<void> {
    switch (message.kind) {
      case "serving":
        member.isServing = true;
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
      default:
        message satisfies never;
    }
  }

  #lose(number: number, member: Member, reason: string): void {
    this.#departed = countersOf([this.#departed, member.metrics]);
    this.#members.delete(number);
    if (this.#isRunning && !this.#ending.signal.aborted) void this.#replace(number, member, reason);
  }

  /** At once, and later each time where it does not get going. */
  async #replace(number: number, { since }: Member, reason: string): Promise<void> {
    const failures = performance.now() - since > SETTLED ? 0 : (this.#failures.get(number) ?? 0);
    this.#failures.set(number, failures + 1);
    const pause = failures === 0 ? 0 : Math.min(MAX_PAUSE, 100 * 2 ** failures);
    const { signal } = this.#ending;
    await delay(pause, undefined, { signal }).catch(() => {});
    // One that fails is lost in its turn.
    if (!signal.aborted) await this.#launch(number, reason).catch(() => {});
  }

  /** What all that serve say together. */
  async #ask(question: Question): Promise<Answer> {
    const members = [...this.#members.values()].filter(({ isServing }) => isServing);
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
        return { metrics: mergeExpositions([...members.map(({ metrics }) => metrics), this.#departed]) };
    }
  }
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
