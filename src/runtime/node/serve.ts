import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createGateway, type Gateway } from "../../app/gateway.ts";
import type { Config, ListenAddress, Secrets } from "../../config/config.ts";
import { prometheusMetrics } from "../../metrics/prometheus.ts";
import type { Observe } from "../../observe/observation.ts";
import { nodePasswords } from "./argon2.ts";
import { nodeDigests } from "./digests.ts";
import { createListener, createOperationsListener } from "./listener.ts";
import { createLog, logObservations } from "./log.ts";
import { openStore } from "./open-store.ts";
import { packageVersion } from "./package-version.ts";
import { nodeSignatureCheck } from "./signature.ts";
import { importNodeSigner } from "./signer.ts";

/**
 * How the feed is followed, in milliseconds. The embedded store is asked for other processes' revocations at an interval: they are
 * seen within 100 ms. Redis tells when one comes; the pause lets several come at once where they are many. Reads to the end follow each
 * other closely enough to keep the view fresh.
 */
const FOLLOWING = {
  sqlite: { feedInterval: 25, feedWait: 0 },
  redis: { feedInterval: 2, feedWait: 750 },
} as const;
/** How long requests in flight may take to end after a signal. */
const DRAIN = 10_000;

/** A listener cannot be opened; the message says which, why and what to do. */
export class ListenProblem extends Error {
  override readonly name = "ListenProblem";
}

export interface ServeOptions {
  readonly config: Config;
  readonly secrets: Secrets;
}

/** A gateway that listens. */
export interface Served {
  /** `http://host:port` of the main listener, with the port that was really taken. */
  readonly url: string;
  readonly operationsUrl: string;
  /** Stops taking requests, lets those in flight end, and closes the store. */
  close(): Promise<void>;
}

/** Opens the store and both listeners. Rejects with StoreProblem or ListenProblem, leaving nothing open. */
export async function serve({ config, secrets }: ServeOptions): Promise<Served> {
  const log = createLog(config);
  const store = await openStore(config.store, {
    timeout: config.storeTimeout,
    minReplicas: config.revocation.minReplicas,
  });
  const metrics = prometheusMetrics(packageVersion());
  const writeLog = logObservations(log, config);
  const observe: Observe = (event) => {
    metrics.observe(event);
    writeLog(event);
  };
  const started: Server[] = [];
  let gateway: Gateway | null = null;

  async function close(): Promise<void> {
    gateway?.endStreams();
    await Promise.all(started.map(closeServer));
    await gateway?.stop();
    await store.close();
  }

  try {
    gateway = await createGateway({
      ...{ config, secrets, store, version: packageVersion(), ...FOLLOWING[config.store.kind] },
      passwords: nodePasswords(config.passwords),
      ...{ signature: nodeSignatureCheck, importSigner: importNodeSigner, digests: nodeDigests },
      ...{ observe, metrics },
      now: Date.now,
      monotonic: () => performance.now(),
      wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal, ref: false }).catch(() => {}),
    });
    const main = createListener(gateway);
    const operations = createOperationsListener(gateway);
    const url = await listen(main, config.listen, "listen", started);
    const operationsUrl = await listen(operations, config.operations.listen, "operations.listen", started);
    await gateway.start();
    return { url, operationsUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(server: Server, at: ListenAddress, option: string, started: Server[]): Promise<string> {
  const listening = once(server, "listening");
  server.listen(at.port, at.host);
  await listening.catch((error: unknown) => {
    throw new ListenProblem(listenProblem(error, at, option));
  });
  started.push(server);
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function listenProblem(error: unknown, { host, port }: ListenAddress, option: string): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is in use. Stop what listens there, or set "${option}" to another address.`;
    case "EACCES":
      return `Port ${port} on ${host} may not be used by this user. Set "${option}" to a port above 1023.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine. Set "${option}" to one that is, such as 127.0.0.1:${port}.`;
    default:
      return `Cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const drained = new AbortController();
  const timeout = delay(DRAIN, undefined, { signal: drained.signal, ref: false }).then(
    () => server.closeAllConnections(),
    () => {},
  );
  await closed;
  drained.abort();
  await timeout;
}
