import { setTimeout as delay } from "node:timers/promises";
import { createGateway, type Gateway } from "../../app/gateway.ts";
import type { Config, Secrets } from "../../config/config.ts";
import { ConfigError, formatProblem } from "../../config/config-error.ts";
import { keepFixed } from "../../config/fixed.ts";
import { prometheusMetrics } from "../../metrics/prometheus.ts";
import type { Observe } from "../../observe/observation.ts";
import type { Reports } from "../../observe/readiness.ts";
import { nodePasswords } from "./argon2.ts";
import { bind } from "./bind.ts";
import { nodeDigests } from "./digests.ts";
import type { Listener } from "./http-listener.ts";
import { createListener, createOperationsListener } from "./listener.ts";
import { createLog, logObservations } from "./log.ts";
import { LogSink } from "./log-sink.ts";
import { openStore } from "./open-store.ts";
import { packageVersion } from "./package-version.ts";
import { nodeSignatureCheck } from "./signature.ts";
import { importNodeSigner } from "./signer.ts";
import { keepObjectsYoung } from "./young-objects.ts";

/**
 * How the feed is followed, in milliseconds. The embedded store is asked for other processes' revocations at an interval: they are
 * seen within 100 ms. Redis tells when one comes; the pause lets several come at once where they are many. Reads to the end follow each
 * other closely enough to keep the view fresh.
 */
export const FOLLOWING = {
  sqlite: { feedInterval: 25, feedWait: 0 },
  redis: { feedInterval: 2, feedWait: 750 },
} as const;

const STANDARD_OUTPUT = 1;
/** Milliseconds in which whoever reads the log may take the last of it. */
const LAST_LINES = 1_000;

export interface ServeOptions {
  readonly config: Config;
  readonly secrets: Secrets;
}

/** A gateway that listens. */
export interface Served {
  /** `http://host:port`, or with https, of the main listener, with the port that was really taken. */
  readonly url: string;
  readonly operationsUrl: string;
  /**
   * Goes over to the configuration that `load` brings. Requests under way end under the one before; where `load` rejects with
   * ConfigError nothing changes. Log and metrics say how it went. One after the other; never rejects.
   */
  reload(load: () => Promise<Config>): Promise<void>;
  /**
   * As `reload`, with new processes in place of those that there are, one after the other: options that wait for a restart change too,
   * except those of the listeners they share. In one process it is `reload`.
   */
  restart(load: () => Promise<Config>): Promise<void>;
  /** Resolves with the reason when none of its processes can be started any more. */
  readonly gaveUp: Promise<Error>;
  /** Says in log and metrics that something went wrong that nobody caught. */
  defect(error: unknown): void;
  /**
   * Says that it is not ready for `shutdown.delay`, then stops taking requests, lets those under way end within `shutdown.drain`, and
   * closes the store.
   */
  close(): Promise<void>;
}

/** What a process that is one of several is told and asked. */
export interface Membership {
  /** Its number, for the log. */
  readonly worker: number;
  /** Why the process whose place it takes has ended, or null. */
  readonly replaces: string | null;
  /** See GatewayOptions. */
  readonly together: (own: Reports) => Reports;
}

/** One of several processes. */
export interface ServedMember extends Pick<Served, "url" | "operationsUrl" | "reload" | "defect" | "close"> {
  /** Ends as another process has taken its place: what is open is let go with its next answer, and cut after `shutdown.drain`. */
  handOver(): Promise<void>;
}

/** A gateway that is this process. Rejects with StoreProblem or ListenProblem, leaving nothing open. */
export async function serveInProcess(
  { config: first, secrets }: ServeOptions,
  membership: Membership | null = null,
): Promise<ServedMember> {
  keepObjectsYoung();
  let config = first;
  const store = await openStore(config.store, {
    timeout: config.storeTimeout,
    minReplicas: config.revocation.minReplicas,
  });
  const metrics = prometheusMetrics(packageVersion());
  const sink = new LogSink(STANDARD_OUTPUT, () => metrics.observe({ kind: "log_dropped" }));
  const log = createLog(config, sink, membership?.worker ?? null);
  const writeLog = logObservations(log, () => config.log.access);
  const observe: Observe = (event) => {
    metrics.observe(event);
    writeLog(event);
  };
  const listeners: Listener[] = [];
  let gateway: Gateway | null = null;
  const hashing = (options: Config["passwords"]) =>
    nodePasswords(options, (message) => observe({ kind: "internal_error", where: "password hashing", message }));
  let passwords = hashing(config.passwords);

  async function end(drain: number): Promise<void> {
    gateway?.endStreams();
    await Promise.all(listeners.map((listener) => listener.close(drain)));
    passwords.release();
    await gateway?.stop();
    await store.close();
    await sink.flush(LAST_LINES);
  }

  async function adopt(running: Gateway, next: Config): Promise<Gateway> {
    const { config: adopted, kept } = keepFixed(config, next);
    if (JSON.stringify(adopted.passwords) !== JSON.stringify(config.passwords)) {
      passwords.release();
      passwords = hashing(adopted.passwords);
    }
    const changed = await running.reconfigured(adopted, passwords);
    config = adopted;
    log.level = adopted.log.level;
    for (const listener of listeners) listener.use(changed);
    observe({ kind: "config_reloaded", config: changed.configHash, kept });
    return changed;
  }

  try {
    gateway = await createGateway({
      ...{ config, secrets, store, version: packageVersion(), ...FOLLOWING[config.store.kind] },
      ...{ signature: nodeSignatureCheck, importSigner: importNodeSigner, digests: nodeDigests },
      ...{ observe, metrics, passwords, ...(membership && { together: membership.together }) },
      now: Date.now,
      monotonic: () => performance.now(),
      wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal, ref: false }).catch(() => {}),
    });
    const main = createListener(gateway);
    const operations = createOperationsListener(gateway);
    listeners.push(main, operations);
    // While others serve, nobody is to come to this one before it knows of the revocations.
    if (membership !== null) await gateway.start();
    const scheme = config.tls === null ? "http" : "https";
    const url = `${scheme}://${await bind(main.server, config.listen, "listen")}`;
    const operationsUrl = `http://${await bind(operations.server, config.operations.listen, "operations.listen")}`;
    if (membership === null) await gateway.start();
    if (membership?.replaces) observe({ kind: "worker_restarted", reason: membership.replaces });

    let running = gateway;
    let reloading: Promise<void> = Promise.resolve();
    return {
      ...{ url, operationsUrl },
      reload(load) {
        reloading = reloading.then(async () => {
          try {
            running = await adopt(running, await load());
          } catch (error) {
            observe({ kind: "config_refused", problems: problemsOf(error) });
          }
        });
        return reloading;
      },
      defect(error) {
        observe({ kind: "internal_error", where: "process", message: messageOf(error) });
      },
      async handOver() {
        running.leave();
        running.endStreams();
        await Promise.all(listeners.map((listener) => listener.handOver(config.shutdown.drain)));
        await end(0);
      },
      async close() {
        const { delay: notice, drain } = config.shutdown;
        running.leave();
        main.leave();
        await delay(notice);
        await end(drain);
      },
    };
  } catch (error) {
    await end(0);
    throw error;
  }
}

function problemsOf(error: unknown): string[] {
  if (error instanceof ConfigError) return error.problems.map(formatProblem);
  return [messageOf(error)];
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
