import { createGateway, type Gateway } from "../../app/gateway.ts";
import type { Config } from "../../config/config.ts";
import { importWebSigner } from "../../keys/signer.ts";
import { webSignatureCheck } from "../../keys/web-signature.ts";
import { webDigests } from "../../lib/digests.ts";
import type { Observe } from "../../observe/observation.ts";
import { FeedPuller } from "../../revocation/puller.ts";
import type { RevocationJudge, RevocationView } from "../../revocation/view.ts";
import { workerPasswords } from "./argon2.ts";
import type { StoreBinding, WorkerEnvironment } from "./environment.ts";
import type { ExecutionContext } from "./platform.ts";
import { redisObject } from "./redis-object-stub.ts";
import { remoteStore } from "./remote-store.ts";
import { SeparateFeeds } from "./separate-feeds.ts";
import { SeparateStreams } from "./separate-streams.ts";

/** Milliseconds after which a view is not served from before it has been pulled. */
const BOUND = 1_000;
/** Revocations that an isolate holds at most: about 10 MB. */
const CAPACITY = 200_000;
/** Between two rounds of upkeep. */
const TEND_EVERY = 500;
/** An isolate has 128 MB for everything. */
const CACHES = {
  tokens: { maxEntries: 20_000, maxBytes: 16 * 1024 * 1024 },
  assertions: { maxEntries: 5_000, maxBytes: 4 * 1024 * 1024 },
};
/** Milliseconds more that an isolate waits than an object waits for Redis, so that it learns what became of a call. */
const WAY_TO_OBJECT = 50;
/** The one object that holds the store. */
const OBJECT = "postern";

const wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** A gateway in an isolate, between requests nothing but memory: whoever comes brings it up to date. */
export interface Isolate {
  readonly gateway: Gateway;
  /** Resolves when a request may be served from the view, or when that cannot be had. */
  ready(context: ExecutionContext): Promise<void>;
}

export async function createIsolate(
  environment: WorkerEnvironment,
  version: string,
  observe: Observe,
  region: string,
): Promise<Isolate> {
  const { config, secrets, store } = environment;
  const monotonic = (): number => performance.now();
  let puller: FeedPuller | null = null;
  const refresh = async (): Promise<void> => {
    if (puller !== null && puller.need !== "none") await puller.start();
  };
  /** How far services that follow the revocations have been told. */
  const told = {
    get position() {
      return puller?.position ?? null;
    },
    get age() {
      return puller?.positionAge ?? null;
    },
  };
  const remote = remoteStore({ ...storeObject(store, config, region), now: () => Date.now(), wait });
  /** In place of the view, where that is too large to be held here. */
  function judgeOver(view: RevocationView): RevocationJudge {
    return {
      refuses(token) {
        if (puller?.crowded !== true) return view.refuses(token);
        return remote.judge(token).then((verdict) => {
          puller?.told(verdict);
          return verdict.refused;
        });
      },
    };
  }
  let judge: RevocationJudge = { refuses: () => true };
  const gateway = await createGateway({
    ...{ config, secrets, observe, monotonic, wait, version, caches: CACHES, sharesReads: false },
    now: () => Date.now(),
    store: remote.store,
    passwords: workerPasswords(config.passwords, () => wait(0, new AbortController().signal)),
    ...{ signature: webSignatureCheck, importSigner: importWebSigner, digests: webDigests },
    ...{ feedInterval: 0, feedWait: 0 },
    follow(options) {
      const receipt = async (): Promise<void> => void (await tend());
      puller = new FeedPuller({ ...options, receipt, bound: BOUND, capacity: CAPACITY });
      return puller;
    },
    judge(view) {
      judge = judgeOver(view);
      return judge;
    },
    feeds: (options) => new SeparateFeeds({ ...options, refresh, follower: told }),
    watch: (options) => new SeparateStreams({ ...options, refresh, judge }),
  });
  let tendedAt = Number.NEGATIVE_INFINITY;
  let hasKeys = false;

  /** By a cold isolate each request does it for itself, before it is served. */
  async function tend(): Promise<void> {
    tendedAt = monotonic();
    hasKeys = (await gateway.tend()) || hasKeys;
  }

  async function ready(context: ExecutionContext): Promise<void> {
    const need = puller?.need ?? "none";
    const pull = need === "none" ? null : puller?.start();
    const cold = hasKeys ? null : tend();
    if (need === "soon" && pull != null) context.waitUntil(pull);
    else await pull;
    await cold;
    if (monotonic() - tendedAt >= TEND_EVERY) context.waitUntil(tend());
  }

  return { gateway, ready };
}

function storeObject(store: StoreBinding, config: Config, region: string) {
  switch (store.kind) {
    case "sqlite":
      return { object: () => store.objects.getByName(OBJECT), timeout: config.storeTimeout };
    case "redis":
      return {
        ...redisObject({ namespace: store.objects, url: store.url, region, config }),
        timeout: config.storeTimeout + WAY_TO_OBJECT,
      };
  }
}
