import { DurableObject } from "cloudflare:workers";
import { SharedFeed } from "../../revocation/shared-feed.ts";
import type { TokenFacts } from "../../revocation/view.ts";
import { type Operation, type OperationInput, operationOf } from "../../stores/operations.ts";
import { type Store, StoreUnavailable } from "../../stores/store.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import { openRedis } from "../redis/store.ts";
import type { RedisCall, RedisObject, RedisSettings } from "./redis-object-stub.ts";
import { RegionView } from "./region-view.ts";
import { failureOf, type StoreAnswer } from "./store-object.ts";

/** How long (ms) an answer holds that this Redis may not be used as it is set up. */
const ASK_AGAIN = 1_000;

interface Opened {
  readonly of: string;
  readonly at: number;
  readonly region: Promise<Region>;
}

interface Region {
  readonly store: Store;
  readonly view: RegionView;
}

/**
 * Connections to Redis for the isolates of a region, which could not keep one themselves, and one reading of the revocations for all of
 * them. It holds nothing else: an object that was put away is made anew by the next call.
 */
export class PosternRedis extends DurableObject implements RedisObject {
  #opened: Opened | null = null;

  /** Milliseconds to add to Redis' clock. */
  protected clockOffset(): number {
    return 0;
  }

  async call({ operation, input, deadline, followed, settings }: RedisCall): Promise<StoreAnswer> {
    return this.#answer(settings, ({ store }, now) => {
      if (deadline !== null && now >= deadline) throw new StoreUnavailable(`${operation}: the deadline has passed`);
      if (followed !== null) store.follows(followed);
      return run(store, operation, input);
    });
  }

  async judge(token: TokenFacts, settings: RedisSettings): Promise<StoreAnswer> {
    return this.#answer(settings, ({ view }) => view.judge(token));
  }

  async #answer(
    settings: RedisSettings,
    work: (region: Region, now: number) => Promise<unknown>,
  ): Promise<StoreAnswer> {
    const now = Date.now();
    try {
      return { kind: "done", output: await work(await this.#regionOf(settings, now), now), now };
    } catch (error) {
      const unsuitable = error instanceof StoreProblem ? new StoreUnavailable(error.message, "unsuitable") : error;
      return { kind: "failed", failure: failureOf(unsuitable), now };
    }
  }

  async #regionOf(settings: RedisSettings, now: number): Promise<Region> {
    const of = JSON.stringify(settings);
    if (this.#opened?.of !== of) {
      this.#opened?.region.then(({ store }) => store.close()).catch(() => {});
      this.#opened = { of, at: now, region: openShared(settings, () => this.clockOffset()) };
    }
    const { region, at } = this.#opened;
    try {
      return await region;
    } catch (error) {
      if (now - at > ASK_AGAIN && this.#opened?.region === region) this.#opened = null;
      throw error;
    }
  }
}

async function openShared({ url, timeout, minReplicas }: RedisSettings, clockOffset: () => number): Promise<Region> {
  const opened = await openRedis({ kind: "redis", url }, { timeout, minReplicas, clockOffset });
  const feed = new SharedFeed((after, limit) => opened.readFeed({ after, limit }));
  const store: Store = { ...opened, readFeed: ({ after, limit }) => feed.read(after, limit) };
  return { store, view: new RegionView(store) };
}

function run<K extends Operation>(store: Store, operation: K, input: OperationInput<K>): Promise<unknown> {
  return operationOf(store, operation)(input);
}
