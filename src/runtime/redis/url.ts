import type { RedisOptions } from "ioredis";
import { StoreProblem } from "../../stores/store-problem.ts";

type Options = Omit<RedisOptions, "replyMapping">;

/** What a store's URL says. */
export type RedisAddress =
  | { readonly kind: "single"; readonly options: Options }
  | { readonly kind: "sentinel"; readonly options: Options }
  | { readonly kind: "cluster"; readonly nodes: readonly Node[]; readonly options: Options };

export interface RedisUrl {
  readonly address: RedisAddress;
  /** The operator knows that the server keeps nothing, or cannot say what it keeps. */
  readonly allowNoAof: boolean;
  /** Host and port, or what stands for them, to be shown. */
  readonly shown: string;
}

interface Node {
  readonly host: string;
  readonly port: number;
}

const PARAMETERS = ["sentinel", "cluster", "node", "sentinelAuth", "allowNoAof"];

/**
 * Reads `redis://` and `rediss://` URLs: `?sentinel=NAME` asks Sentinels for the primary of that name, `?cluster=true` is a Redis
 * Cluster; each `node=HOST:PORT` names one more Sentinel or node. Throws StoreProblem.
 */
export function readRedisUrl(text: string): RedisUrl {
  const url = new URL(text);
  const { searchParams: query } = url;
  const unknown = [...query.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    throw new StoreProblem(`"${unknown}" is no parameter of a Redis URL. There are ${PARAMETERS.join(", ")}.`);
  }
  const name = query.get("sentinel");
  const cluster = readFlag(query, "cluster");
  if (name !== null && cluster) {
    throw new StoreProblem('A Redis URL names Sentinels ("sentinel") or a Redis Cluster ("cluster"), not both.');
  }
  const db = readDatabase(url.pathname, cluster);
  const nodes = [
    { host: hostOf(url.hostname), port: url.port === "" ? (name === null ? 6379 : 26379) : Number(url.port) },
    ...query.getAll("node").map(readNode),
  ];
  if (name === null && !cluster && nodes.length > 1) {
    throw new StoreProblem('"node" in a Redis URL belongs to "sentinel" or "cluster=true".');
  }
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const login = { ...(username === "" ? {} : { username }), ...(password === "" ? {} : { password }) };
  const encrypted = url.protocol === "rediss:";
  const tls = encrypted ? { tls: {} } : {};
  const allowNoAof = readFlag(query, "allowNoAof");
  const shown = nodes.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`).join(", ");

  if (cluster) return { address: { kind: "cluster", nodes, options: { ...login, ...tls } }, allowNoAof, shown };
  if (name !== null) {
    const auth = readFlag(query, "sentinelAuth") ? { sentinelUsername: username, sentinelPassword: password } : {};
    const sentinelTls = encrypted ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {};
    const options = { ...login, ...tls, ...sentinelTls, ...auth, sentinels: nodes, name, db };
    return { address: { kind: "sentinel", options }, allowNoAof, shown: `${name} by ${shown}` };
  }
  return { address: { kind: "single", options: { ...login, ...tls, ...nodes[0], db } }, allowNoAof, shown };
}

function readDatabase(path: string, cluster: boolean): number {
  const database = /^\/?$/.test(path) ? "0" : path.slice(1);
  if (!/^\d{1,5}$/.test(database)) {
    throw new StoreProblem(`The path of a Redis URL is the number of a database, such as /0, not ${path}.`);
  }
  if (cluster && database !== "0") throw new StoreProblem("A Redis Cluster has no database but 0.");
  return Number(database);
}

function readNode(text: string): Node {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new StoreProblem(`"node" in a Redis URL is HOST:PORT, not ${text}.`);
  return { host, port: Number(match?.[3]) };
}

function readFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === "false") return false;
  if (value === "true") return true;
  throw new StoreProblem(`"${name}" in a Redis URL is true or false.`);
}

/** Without the brackets of an IPv6 address. */
const hostOf = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1");
