import type { StoredKeyRing } from "../keys/stored-key-ring.ts";
import type { Observe } from "../observe/observation.ts";
import type { FeedCursor } from "../revocation/feed.ts";
import type { Follower, ViewState } from "../revocation/follower.ts";
import type { Store, SweepLimits } from "../stores/store.ts";

const TICK = 500;
/** A receipt that has nothing new to say is written this often, well within the time that makes a node count as gone. */
const RECEIPT_EVERY = 3_000;
const SWEEP_EVERY = 60_000;
const SWEEP_BATCH = 500;

export interface UpkeepOptions {
  readonly store: Pick<Store, "announce" | "retire" | "sweep">;
  readonly keyRing: Pick<StoredKeyRing, "refresh" | "dueIn">;
  readonly follower: Pick<Follower, "cursor" | "state">;
  readonly node: string;
  readonly version: string;
  readonly startedAt: number;
  /** What the configuration in use is called. */
  readonly config: () => string;
  readonly accessTtl: number;
  readonly audit: { readonly keep: number; readonly max: number };
  readonly observe: Observe;
  readonly monotonic: () => number;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** What a gateway does by itself while it runs: its receipt, key rotation, and clearing away what has expired. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #receiptAt = Number.NEGATIVE_INFINITY;
  #receiptOf = "";
  #viewState: ViewState = "catching_up";
  #sweepAt: number;
  #keysAt = Number.NEGATIVE_INFINITY;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#sweepAt = options.monotonic() + SWEEP_EVERY;
  }

  /** Announces the gateway and reads the keys, then goes on by itself. Resolves after the first round, well or not. */
  async start(): Promise<void> {
    await this.#round();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    const { store, node } = this.#options;
    await store.retire({ node }).catch(() => {});
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#options.wait(TICK, signal);
      if (!signal.aborted) await this.#round();
    }
  }

  async #round(): Promise<void> {
    const now = this.#options.monotonic();
    await this.tend();
    if (now >= this.#sweepAt) {
      await this.#attempt("sweep", async () => {
        this.#sweepAt = now + ((await this.sweep()) ? 0 : SWEEP_EVERY);
      });
    }
  }

  /** The receipt and the keys, where they are due. Resolves with whether that has been done. */
  async tend(): Promise<boolean> {
    const now = this.#options.monotonic();
    this.#tellViewState();
    const announced = await this.#attempt("announce", () => this.#announceNews(now));
    const hasKeys = now < this.#keysAt || (await this.#attempt("keys", () => this.#refreshKeys(now)));
    return announced && hasKeys;
  }

  /** Clears away a batch of what has expired; resolves with whether there is more. */
  async sweep(): Promise<boolean> {
    const { store, audit } = this.#options;
    const limits: SweepLimits = { auditKeep: audit.keep, auditMax: audit.max, batch: SWEEP_BATCH };
    return (await store.sweep(limits)).more;
  }

  /** An upkeep that fails is tried again in the next round; the outage itself shows elsewhere. Resolves with whether it was done. */
  #attempt(operation: string, act: () => Promise<void>): Promise<boolean> {
    return act().then(
      () => true,
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.observe({ kind: "store_failed", operation, reason });
        return false;
      },
    );
  }

  #tellViewState(): void {
    const { state } = this.#options.follower;
    if (state === this.#viewState) return;
    this.#viewState = state;
    this.#options.observe({ kind: "view", state });
  }

  /** Writes the gateway's receipt: how far it has read the feed. */
  async announce(cursor: FeedCursor): Promise<void> {
    const { store, node, version, startedAt, accessTtl, monotonic } = this.#options;
    const config = this.#options.config();
    await store.announce({ receipt: { node, version, startedAt, cursor, config }, accessTtl });
    this.#receiptAt = monotonic();
    this.#receiptOf = [config, ...cursor].join(" ");
  }

  async #announceNews(now: number): Promise<void> {
    const cursor = this.#options.follower.cursor ?? [];
    const news = [this.#options.config(), ...cursor].join(" ");
    if (news === this.#receiptOf && now - this.#receiptAt < RECEIPT_EVERY) return;
    await this.announce(cursor);
  }

  async #refreshKeys(now: number): Promise<void> {
    await this.#options.keyRing.refresh();
    this.#keysAt = now + this.#options.keyRing.dueIn();
  }
}
