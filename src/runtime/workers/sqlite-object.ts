import { DurableObject } from "cloudflare:workers";
import { randomId } from "../../lib/ids.ts";
import type { Verdict } from "../../revocation/puller.ts";
import type { TokenFacts } from "../../revocation/view.ts";
import type { Operation, OperationInput, SyncStore } from "../../stores/operations.ts";
import type { SyncDatabase } from "../../stores/sqlite/database.ts";
import { feedEnd, judgeToken } from "../../stores/sqlite/feed.ts";
import { migrate, schemaState } from "../../stores/sqlite/schema.ts";
import { beginStep } from "../../stores/sqlite/step.ts";
import { sqliteStore } from "../../stores/sqlite/store.ts";
import { StoreUnavailable } from "../../stores/store.ts";
import { objectDatabase } from "./object-database.ts";
import type { ObjectContext } from "./platform.ts";
import { withReceiptsInMemory } from "./receipts.ts";
import { failureOf, type StoreAnswer, type StoreCall, type StoreObject } from "./store-object.ts";

/**
 * The embedded store on a Durable Object's SQLite. What a call has written is on several machines' disks before its answer leaves: the
 * platform holds it back until then.
 */
export class PosternStore extends DurableObject implements StoreObject {
  readonly #storage: ObjectContext["storage"];
  #opened: Opened | null = null;

  constructor(context: ObjectContext, env: unknown) {
    super(context, env);
    this.#storage = context.storage;
  }

  /** The machine's clock, milliseconds since 1970. */
  protected wall(): number {
    return Date.now();
  }

  async call({ operation, input, deadline }: StoreCall): Promise<StoreAnswer> {
    return this.#answer(({ store }, now) => {
      // Calls run one after the other, and each to its end: what waits in front of the object is what takes time.
      if (deadline !== null && now >= deadline) throw new StoreUnavailable(`${operation}: the deadline has passed`);
      return run(store, operation, input);
    });
  }

  async judge(token: TokenFacts): Promise<StoreAnswer> {
    return this.#answer(({ db }, now): Verdict => {
      const step = beginStep(db, now);
      return { ...judgeToken(step, token), cursor: feedEnd(step) };
    });
  }

  #answer(work: (opened: Opened, now: number) => unknown): StoreAnswer {
    const now = this.wall();
    try {
      this.#opened ??= this.#open();
      return { kind: "done", output: work(this.#opened, now), now };
    } catch (error) {
      return { kind: "failed", failure: failureOf(error), now };
    }
  }

  #open(): Opened {
    const db = objectDatabase(this.#storage);
    const state = schemaState(db);
    if (state.kind === "newer" || state.kind === "foreign") {
      throw new StoreUnavailable(`the Durable Object's data are of another program (${state.kind})`, "unsuitable");
    }
    migrate(db, randomId());
    return { db, store: withReceiptsInMemory(sqliteStore(db, () => this.wall())) };
  }
}

interface Opened {
  readonly db: SyncDatabase;
  readonly store: SyncStore;
}

function run<K extends Operation>(store: SyncStore, operation: K, input: OperationInput<K>): unknown {
  return store[operation](input);
}
