import { Cluster } from "ioredis";
import type { RedisClient } from "./client.ts";
import type { RedisUrl } from "./url.ts";

const LEAST_VERSION = 7;

/** What of a server's settings decides whether it may be trusted with sessions and revocations. */
export interface ServerFacts {
  readonly version: string;
  readonly role: string;
  readonly evictionPolicy: string;
  readonly aof: boolean;
}

/** Null: nothing to complain of. For the person who runs Postern. */
export function serverProblem(facts: ServerFacts, { shown, allowNoAof }: Omit<RedisUrl, "address">): string | null {
  const { version, role, evictionPolicy, aof } = facts;
  const major = Number.parseInt(version, 10);
  if (!(major >= LEAST_VERSION)) {
    return `The Redis at ${shown} is version ${version || "unknown"}. Postern needs ${LEAST_VERSION}.0 or later.`;
  }
  if (role !== "master") {
    return `The Redis at ${shown} is a replica (role ${role}). Name the primary in "store", or Sentinels that know it.`;
  }
  if (evictionPolicy !== "noeviction") {
    return `The Redis at ${shown} drops records when memory runs out, revocations among them (maxmemory-policy ${evictionPolicy}). Set it to noeviction.`;
  }
  if (!aof && !allowNoAof) {
    return `The Redis at ${shown} forgets revocations and sessions when it restarts (appendonly no). Set appendonly yes, or add ?allowNoAof=true to the URL where they may be lost.`;
  }
  return null;
}

/** Reads the settings by INFO alone. Of a cluster, of every primary; the first problem is told. */
export async function checkServers(client: RedisClient, url: RedisUrl): Promise<string | null> {
  const servers = client instanceof Cluster ? client.nodes("master") : [client];
  for (const server of servers) {
    const problem = serverProblem(factsOf(await server.info()), url);
    if (problem !== null) return problem;
  }
  return null;
}

export function factsOf(info: string): ServerFacts {
  const lines = new Map<string, string>();
  for (const line of info.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) lines.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return {
    version: lines.get("redis_version") ?? "",
    role: lines.get("role") ?? "unknown",
    evictionPolicy: lines.get("maxmemory_policy") ?? "unknown",
    aof: lines.get("aof_enabled") === "1",
  };
}
