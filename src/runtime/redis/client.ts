import { Cluster, Redis } from "ioredis";
import type { RedisAddress } from "./url.ts";

export type RedisClient = Redis | Cluster;

const CONNECT_TIMEOUT = 2_000;
const KEEP_ALIVE = 10_000;
/** Between two attempts to connect (ms): often enough to be back within 2 s, spread so that a fleet does not come at once. */
const LONGEST_PAUSE = 500;

const pauseBefore = (attempt: number): number => Math.min(LONGEST_PAUSE, 25 * 2 ** attempt) * (0.5 + Math.random() / 2);

/**
 * A connection that has not begun. Left to itself the client would hang for more than a minute on a dead server, and would run a write
 * twice when its reply is lost; here a command is sent once, or fails at once where there is no connection.
 */
export function redisClient(
  address: RedisAddress,
  options: { readonly timeout: number; readonly name: string },
): RedisClient {
  const settings = {
    lazyConnect: true,
    connectionName: options.name,
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT,
    commandTimeout: options.timeout,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    keepAlive: KEEP_ALIVE,
    maxLoadingRetryTime: LONGEST_PAUSE,
    noDelay: true,
    // A server that has become a replica is left for the one that is primary now.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  };
  switch (address.kind) {
    case "single":
      return new Redis({ ...address.options, ...settings, enableOfflineQueue: false, retryStrategy: pauseBefore });
    case "sentinel":
      return new Redis({
        ...address.options,
        ...settings,
        enableOfflineQueue: false,
        retryStrategy: pauseBefore,
        sentinelRetryStrategy: pauseBefore,
        sentinelCommandTimeout: options.timeout,
        role: "master",
        failoverDetector: true,
      });
    case "cluster":
      return new Cluster([...address.nodes], {
        redisOptions: { ...address.options, ...settings },
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: pauseBefore,
        scaleReads: "master",
        slotsRefreshTimeout: CONNECT_TIMEOUT,
        slotsRefreshInterval: 5_000,
        retryDelayOnFailover: 50,
        retryDelayOnClusterDown: 50,
        retryDelayOnTryAgain: 50,
        maxRedirections: 4,
      });
  }
}
