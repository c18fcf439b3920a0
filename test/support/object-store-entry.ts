// A Worker that passes calls on to stores in Durable Objects, one for each name, whose clocks the caller moves.

import type { TokenFacts } from "../../src/revocation/view.ts";
import type { ObjectNamespace } from "../../src/runtime/workers/platform.ts";
import { type RemoteStore, remoteStore } from "../../src/runtime/workers/remote-store.ts";
import { PosternStore } from "../../src/runtime/workers/sqlite-object.ts";
import type { StoreAnswer, StoreCall } from "../../src/runtime/workers/store-object.ts";
import { type Operation, type OperationInput, operationOf } from "../../src/stores/operations.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "../../src/stores/store.ts";

export interface ForwardedCall {
  readonly object: string;
  /** Milliseconds that the object's clock is ahead of the machine's. */
  readonly offset: number;
  /** An operation of the store, or a token to judge. */
  readonly call: Pick<StoreCall, "operation" | "input"> | { readonly token: TokenFacts };
}

export type ForwardedAnswer =
  | { readonly output: unknown }
  | { readonly error: string; readonly kind: "unavailable" | "outcome_unknown" | "fault" };

export class MovableStore extends PosternStore {
  #offset = 0;

  protected override wall(): number {
    return super.wall() + this.#offset;
  }

  callAt(offset: number, call: StoreCall): Promise<StoreAnswer> {
    this.#offset = offset;
    return this.call(call);
  }
}

interface Env {
  readonly STORES: ObjectNamespace<MovableStore>;
}

export default {
  async fetch(request: Request, { STORES }: Env): Promise<Response> {
    if (request.method === "GET") return new Response("ready");
    const { object, offset, call }: ForwardedCall = await request.json();
    const remote = remoteStore({
      object: () => ({
        call: (sent) => STORES.getByName(object).callAt(offset, sent),
        judge: (token) => STORES.getByName(object).judge(token),
      }),
      timeout: 10_000,
      now: Date.now,
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    });
    return Response.json(await answerOf(() => ask(remote, call)));
  },
};

const run = <K extends Operation>(store: Store, operation: K, input: OperationInput<K>) =>
  operationOf(store, operation)(input);

const ask = ({ store, judge }: RemoteStore, call: ForwardedCall["call"]): Promise<unknown> =>
  "token" in call ? judge(call.token) : run(store, call.operation, call.input);

async function answerOf(run: () => Promise<unknown>): Promise<ForwardedAnswer> {
  try {
    return { output: await run() };
  } catch (error) {
    const kind =
      error instanceof StoreUnavailable
        ? "unavailable"
        : error instanceof StoreOutcomeUnknown
          ? "outcome_unknown"
          : "fault";
    return { error: String(error), kind };
  }
}
