import { setTimeout as delay } from "node:timers/promises";
import type { Passwords } from "../../src/accounts/passwords.ts";
import { createGateway, type Gateway } from "../../src/app/gateway.ts";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import type { Observation } from "../../src/observe/observation.ts";
import { nodePasswords } from "../../src/runtime/node/argon2.ts";
import { nodeDigests } from "../../src/runtime/node/digests.ts";
import { openStore } from "../../src/runtime/node/open-store.ts";
import { FOLLOWING } from "../../src/runtime/node/serve-in-process.ts";
import { nodeSignatureCheck } from "../../src/runtime/node/signature.ts";
import { importNodeSigner } from "../../src/runtime/node/signer.ts";
import type { Store } from "../../src/stores/store.ts";
import { freshStore } from "../gateways/fresh-store.ts";
import { atEnd } from "./at-end.ts";
import { tempDir } from "./temp-dir.ts";

/** A gateway without sockets, over a real store (a SQLite file unless `store` names another), whose time a test moves. */
export interface InProcessGateway {
  readonly gateway: Gateway;
  readonly store: Store;
  readonly config: Config;
  readonly observed: Observation[];
  /** Milliseconds since 1970, as the gateway and its store see them. */
  now(): number;
  advance(milliseconds: number): void;
  /** Asks one of Postern's own endpoints, as a browser on its own page does. */
  ask(path: string, request?: AskOptions): Promise<Response>;
  /** Asks the admin API, with the admin token. */
  admin(path: string, request?: AskOptions): Promise<Response>;
  /** Goes on with other secrets, as after a restart. */
  restart(secrets: { readonly secret: string; readonly previous: string | null }): Promise<void>;
  close(): Promise<void>;
}

export const ADMIN_TOKEN = "an-admin-token-of-more-than-32-characters";

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** What a test puts between the gateway and its parts, to count or to fail. */
export interface StandIns {
  readonly store?: (store: Store) => Store;
  readonly passwords?: (options: Config["passwords"]) => Passwords;
}

/** The process that hashes ends with the test file. */
function hashingForAFile(options: Config["passwords"]): Passwords {
  const passwords = nodePasswords(options);
  atEnd(async () => passwords.release());
  return passwords;
}

export async function inProcessGateway(
  input: Readonly<Record<string, unknown>> = {},
  secret = "a secret of more than thirty-two bytes",
  { store: wrap = (store) => store, passwords = hashingForAFile }: StandIns = {},
): Promise<InProcessGateway> {
  const url = await freshStore(await tempDir());
  const parsed = parseConfig({ issuer: "http://127.0.0.1:8080", store: url, ...input });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { config } = parsed;
  const clockOffset = new BigInt64Array(new SharedArrayBuffer(8));
  const store = wrap(await openStore(config.store, { timeout: 10_000, clockOffset }));
  const now = (): number => Date.now() + Number(Atomics.load(clockOffset, 0));
  const observed: Observation[] = [];
  const started = async (secrets: { readonly secret: string; readonly previous: string | null }): Promise<Gateway> => {
    const made = await createGateway({
      ...{ config, store, now, secrets: { ...secrets, adminToken: ADMIN_TOKEN } },
      ...{ signature: nodeSignatureCheck, importSigner: importNodeSigner, digests: nodeDigests },
      // As little work as argon2 takes: what hashing costs is tested by itself.
      passwords: passwords({ ...config.passwords, memory: 8, iterations: 1 }),
      observe: (event) => observed.push(event),
      monotonic: () => performance.now(),
      wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal, ref: false }).catch(() => {}),
      ...{ ...FOLLOWING[config.store.kind], version: "test" },
    });
    await made.start();
    return made;
  };
  let gateway = await started({ secret, previous: null });

  return {
    get gateway() {
      return gateway;
    },
    ...{ store, config, observed, now },
    advance: (milliseconds) => void Atomics.add(clockOffset, 0, BigInt(milliseconds)),
    async ask(path, options) {
      const request = requestOf(config.origin + path, options);
      return gateway.endpoints(request, { peer: "127.0.0.1", headers: [...request.headers].flat() });
    },
    async admin(path, options) {
      const authorization = `Bearer ${ADMIN_TOKEN}`;
      const request = requestOf(`${config.origin}/admin${path}`, { ...options, headers: { authorization } });
      return gateway.operations(request, { peer: "127.0.0.1", headers: [...request.headers].flat() });
    },
    async restart(secrets) {
      await gateway.stop();
      gateway = await started(secrets);
    },
    async close() {
      await gateway.stop();
      await store.close();
    },
  };
}

/** A request as a browser on the gateway's own page sends it. */
export function requestOf(url: string, { method, headers = {}, json }: AskOptions = {}): Request {
  const lines = new Headers({ "sec-fetch-site": "same-origin", "user-agent": "curl/8.0", ...headers });
  if (json !== undefined) lines.set("content-type", "application/json");
  const body = json === undefined ? null : JSON.stringify(json);
  return new Request(url, { method: method ?? (body === null ? "GET" : "POST"), headers: lines, body });
}
