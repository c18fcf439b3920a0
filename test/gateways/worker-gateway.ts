import { join } from "node:path";
import { Miniflare } from "miniflare";
import { request } from "undici";
import { inject } from "vitest";
import { errorOf, type StoreAnswer } from "../../src/runtime/workers/store-object.ts";
import { type Operation, type OperationInput, type OperationOutput, storeOver } from "../../src/stores/operations.ts";
import type { Store } from "../../src/stores/store.ts";
import { atEnd } from "../support/at-end.ts";
import { freePort } from "../support/free-port.ts";
import { miniflareOptions } from "../support/miniflare-options.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";
import { freshStore } from "./fresh-store.ts";
import { usesRedis } from "./kinds.ts";
import type { Observed } from "./observed.ts";
import { countStarted } from "./started.ts";
import { CONTROL, type Control } from "./worker-control.ts";

/** The built Worker in workerd, and what a test holds it by. */
export interface WorkerGateway {
  readonly url: string;
  /** The one in its Durable Object. */
  readonly store: Store;
  /** Moves every clock of the Worker and of its Durable Object on. */
  advance(milliseconds: number): Promise<void>;
  observed(): Promise<readonly Observed[]>;
  logs(): string;
  close(): Promise<void>;
}

export interface WorkerGatewayOptions {
  readonly config: Readonly<Record<string, unknown>>;
  readonly port?: number;
  readonly secret: string;
  readonly adminToken: string;
}

/** Starts a Worker and waits until it is ready. Its issuer is its URL unless `config` says otherwise. */
export async function startWorkerGateway(options: WorkerGatewayOptions): Promise<WorkerGateway> {
  countStarted();
  const folder = inject("workerBundle");
  if (folder === undefined) throw new Error("this project has no built Worker");
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const dir = await tempDir();
  const kind = inject("gatewayKind");
  const onRedis = kind !== undefined && usesRedis(kind);
  const store = onRedis ? { store: await freshStore(dir), storeTimeout: "1s" } : {};
  let logs = "";
  const miniflare = new Miniflare({
    ...miniflareOptions({
      ...{ folder, port, data: join(dir, "data"), workers: ["gateway"] },
      bindings: {
        TEST_CONFIG: JSON.stringify({ issuer: url, ...store, ...options.config }),
        POSTERN_SECRET: options.secret,
        POSTERN_ADMIN_TOKEN: options.adminToken,
      },
      objects: onRedis ? { POSTERN_REDIS: "PosternRedis" } : { POSTERN_SQLITE: "PosternStore" },
    }),
    handleStructuredLogs({ message }) {
      logs += `${message}\n`;
    },
  });
  const close = (): Promise<void> => miniflare.dispose();
  // Rejects with what a Worker says that throws at its start; there is nothing to end then.
  await miniflare.ready;
  atEnd(close);
  await waitUntil(
    () => `the Worker is not ready; it wrote:\n${logs}`,
    async () => (await request(`${url}/readyz`, { reset: true })).statusCode === 200,
  );

  async function control(order: Control): Promise<unknown> {
    const { body, statusCode } = await request(url + CONTROL, { method: "POST", body: JSON.stringify(order) });
    if (statusCode !== 200) throw new Error(`the Worker does not obey: ${await body.text()}`);
    return body.json();
  }
  async function call<K extends Operation>(operation: K, input: OperationInput<K>): Promise<OperationOutput<K>> {
    const answer = (await control({ kind: "store", call: { operation, input, deadline: null } })) as StoreAnswer;
    if (answer.kind === "failed") throw errorOf(answer.failure);
    return answer.output as OperationOutput<K>;
  }
  return {
    ...{ url, close, store: storeOver(call, async () => {}) },
    async advance(milliseconds) {
      await control({ kind: "advance", milliseconds });
    },
    async observed() {
      const lines = (await control({ kind: "observed" })) as { readonly msg: string; readonly level?: string }[];
      return lines.map(({ msg: kind, level: _, ...facts }) => ({ kind, ...facts }));
    },
    logs: () => logs,
  };
}
