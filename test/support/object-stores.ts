import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Agent, request } from "undici";
import type { TokenFacts } from "../../src/revocation/view.ts";
import { type Operation, type OperationInput, type OperationOutput, storeOver } from "../../src/stores/operations.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "../../src/stores/store.ts";
import { freePort } from "./free-port.ts";
import type { ForwardedAnswer } from "./object-store-entry.ts";
import { tempDir } from "./temp-dir.ts";
import { bundleWorker } from "./worker-bundle.ts";
import { startWorkerd } from "./worker-process.ts";

const ENTRY = new URL("object-store-entry.ts", import.meta.url).pathname;

/** A store in a Durable Object, which judges tokens as well. */
export interface ObjectStore extends Store {
  judge(token: TokenFacts): Promise<unknown>;
}

/** Stores in Durable Objects, in a workerd of their own. */
export interface ObjectStores {
  /** A new, empty store. `offset`: milliseconds that its clock is ahead of the machine's. */
  open(offset: () => number): ObjectStore;
  stop(): Promise<void>;
}

export async function startObjectStores(): Promise<ObjectStores> {
  const dir = await tempDir();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { folder } = await bundleWorker(ENTRY, join(dir, "bundle"));
  const workerd = await startWorkerd(
    {
      ...{ folder, port, data: join(dir, "data"), workers: ["stores"], bindings: {} },
      objects: { STORES: "MovableStore" },
    },
    url,
  );
  const dispatcher = new Agent({ connections: 8 });
  return {
    open(offset) {
      const object = randomUUID();
      async function forward(call: object): Promise<unknown> {
        const body = JSON.stringify({ object, offset: offset(), call });
        const response = await request(url, { method: "POST", body, dispatcher });
        const answer = (await response.body.json()) as ForwardedAnswer;
        if ("error" in answer) throw errorOf(answer);
        return answer.output;
      }
      const call = async <K extends Operation>(operation: K, input: OperationInput<K>): Promise<OperationOutput<K>> =>
        (await forward({ operation, input })) as OperationOutput<K>;
      return { ...storeOver(call, async () => {}), judge: (token) => forward({ token }) };
    },
    async stop() {
      await workerd.stop();
      await dispatcher.destroy();
    },
  };
}

function errorOf({ error, kind }: Extract<ForwardedAnswer, { error: string }>): Error {
  if (kind === "unavailable") return new StoreUnavailable(error);
  return kind === "outcome_unknown" ? new StoreOutcomeUnknown(error) : new Error(error);
}
