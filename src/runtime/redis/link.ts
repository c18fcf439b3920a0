import { createHash } from "node:crypto";
import { beginPartitions } from "../../stores/redis/epoch.ts";
import { integer, values } from "../../stores/redis/reply.ts";
import type { RunScript, Script } from "../../stores/redis/script.ts";
import { StoreOutcomeUnknown, StoreUnavailable } from "../../stores/store.ts";
import { checkServers } from "./check.ts";
import { type RedisClient, redisClient } from "./client.ts";
import { RedisClock } from "./clock.ts";
import { isMissingScript, storeError } from "./errors.ts";
import type { RedisUrl } from "./url.ts";
import { type Replication, replicated } from "./wait-replicas.ts";

const PAUSE_AFTER_FAILURE = 250;
/** How long (ms) opening waits for a server: Sentinels that cannot be reached are asked for ever. */
const OPEN_PATIENCE = 2_500;

/** `problem`: what the operator must change before this server may be used. */
type State = { readonly kind: "down" | "ready" } | { readonly kind: "unsuitable"; readonly problem: string };

export interface RedisLinkOptions {
  readonly url: RedisUrl;
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  /** Milliseconds to add to the server's clock. */
  readonly clockOffset: () => number;
  /** Where given, a script that writes is done when replicas have it. */
  readonly replication?: Replication;
}

/** The connection by which scripts are run. It makes itself ready again after every loss. */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #client: RedisClient;
  readonly #hashes = new Map<Script, string>();
  /** One a cluster tag: in a cluster each may be another server's. */
  readonly #clocks = new Map<string, RedisClock>();
  #state: State = { kind: "down" };
  #preparing: Promise<void> | null = null;
  #closed = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#client = redisClient(options.url.address, { timeout: options.timeout, name: "postern" });
    this.#client.on("ready", () => void this.#prepare());
    this.#client.on("close", () => this.#lost());
    this.#client.on("end", () => this.#connectAgain());
    // What failed is told by the calls that it failed.
    this.#client.on("error", () => {});
  }

  /** What the operator must change, or null. */
  get problem(): string | null {
    return this.#state.kind === "unsuitable" ? this.#state.problem : null;
  }

  /** Resolves when the first attempt to connect has ended, well or not; it goes on by itself. */
  async open(): Promise<void> {
    // A cluster's client says that it is ready only after its connecting has ended.
    await within(OPEN_PATIENCE, this.#client.connect()).then(
      () => this.#prepare(),
      () => this.#preparing,
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#client.status === "ready") await this.#client.quit().catch(() => {});
    this.#client.disconnect();
  }

  readonly run: RunScript = async (script, key, input) => {
    switch (this.#state.kind) {
      case "ready":
        return this.#run(script, key, input);
      case "down":
        throw new StoreUnavailable(`${script.name}: no connection to Redis`);
      case "unsuitable":
        throw new StoreUnavailable(this.#state.problem, "unsuitable");
    }
  };

  #lost(): void {
    this.#state = { kind: "down" };
    this.#clocks.clear();
  }

  /**
   * The client goes on by itself after a loss, but for one: it ends for good when Sentinels tell of a failover just as it asks them
   * for the primary.
   */
  #connectAgain(): void {
    this.#lost();
    if (this.#closed) return;
    setTimeout(() => {
      if (!this.#closed) this.#client.connect().catch(() => {});
    }, PAUSE_AFTER_FAILURE).unref();
  }

  #prepare(): Promise<void> {
    this.#preparing ??= this.#makeReady().finally(() => {
      this.#preparing = null;
    });
    return this.#preparing;
  }

  async #makeReady(): Promise<void> {
    try {
      const problem = await checkServers(this.#client, this.#options.url);
      if (problem === null) await beginPartitions((script, key, input) => this.#run(script, key, input));
      this.#state = problem === null ? { kind: "ready" } : { kind: "unsuitable", problem };
    } catch {
      this.#state = { kind: "down" };
    }
    // Settings can be mended, and a server that is busy comes back, without the connection being lost.
    if (this.#state.kind !== "ready" && this.#client.status === "ready") {
      setTimeout(() => void this.#prepare(), PAUSE_AFTER_FAILURE).unref();
    }
  }

  async #run(script: Script, key: string, input: object): Promise<unknown> {
    const clock = this.#clockOf(key);
    if (script.writes && clock.serverTime(0) === null) await this.#send(CLOCK, key, {}, 0, clock);
    const deadline = Math.floor(clock.serverTime(performance.now() + this.#options.timeout) ?? 0);
    const [status, value] = await this.#send(script, key, input, deadline, clock);
    switch (status) {
      case "done":
        return value ?? null;
      case "late":
        throw new StoreUnavailable(`${script.name}: its time had run out when it reached Redis`);
      case "wiped":
        // The store is given a new epoch, by which every gateway notices.
        void this.#prepare();
        throw new StoreUnavailable(`${script.name}: the store has been wiped`);
      case "other_history":
        throw new StoreUnavailable(`${script.name}: the store does not know all that it ended`, "other_history");
      default:
        throw new Error(`${script.name}: Redis answered in a way that is not known`);
    }
  }

  /** Answers with the script's status and its value. */
  async #send(
    script: Script,
    key: string,
    input: object,
    deadline: number,
    clock: RedisClock,
  ): Promise<readonly unknown[]> {
    const { timeout, clockOffset } = this.#options;
    const sent = performance.now();
    const args = [key, deadline, clockOffset(), JSON.stringify(input)];
    try {
      const reply = await within(timeout, this.#evaluate(script, args));
      const [serverTime, ...rest] = values(reply);
      clock.sample(integer(serverTime), sent, performance.now());
      return rest;
    } catch (error) {
      throw error instanceof StoreOutcomeUnknown ? error : storeError(error, script);
    }
  }

  async #evaluate(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const [key = "", ...rest] = args;
    const { replication } = this.#options;
    if (replication !== undefined && script.writes) return this.#evaluateOnReplicas(script, args, replication);
    try {
      return await this.#client.evalsha(this.#hashOf(script), 1, key, ...rest);
    } catch (error) {
      if (!isMissingScript(error)) throw error;
      return this.#client.eval(script.lua, 1, key, ...rest);
    }
  }

  async #evaluateOnReplicas(
    script: Script,
    [key = "", ...rest]: readonly (string | number)[],
    replication: Replication,
  ): Promise<unknown> {
    try {
      const pipeline = this.#client.pipeline().evalsha(this.#hashOf(script), 1, key, ...rest);
      return await replicated(pipeline, replication, script.name);
    } catch (error) {
      if (!isMissingScript(error)) throw error;
      return replicated(this.#client.pipeline().eval(script.lua, 1, key, ...rest), replication, script.name);
    }
  }

  #hashOf(script: Script): string {
    let hash = this.#hashes.get(script);
    if (hash === undefined) {
      hash = createHash("sha1").update(script.lua).digest("hex");
      this.#hashes.set(script, hash);
    }
    return hash;
  }

  #clockOf(key: string): RedisClock {
    const tag = /\{(.*?)\}/.exec(key)?.[1] ?? "";
    let clock = this.#clocks.get(tag);
    if (clock === undefined) {
      clock = new RedisClock();
      this.#clocks.set(tag, clock);
    }
    return clock;
  }
}

/** Asks for the server's clock alone. */
const CLOCK: Script = {
  name: "clock",
  lua: "#!lua flags=no-writes\nlocal time = redis.call('TIME')\nreturn { time[1] * 1000 + math.floor(time[2] / 1000), 'done' }",
  writes: false,
};

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
