import { createTokenAuthenticator } from "../authn/authenticate.ts";
import type { Config } from "../config/config.ts";
import type { Services } from "../http/services.ts";
import { createSecretRing } from "../keys/secrets.ts";
import { createKeyRing } from "../keys/stored-key-ring.ts";
import { newId } from "../lib/ids.ts";
import type { Buckets } from "../limits/buckets.ts";
import { FeedStreams, type FeedStreamsOptions, type RevocationFeeds } from "../revocation/feed-streams.ts";
import { FeedFollower, type Follower } from "../revocation/follower.ts";
import { RevocationView } from "../revocation/view.ts";
import { createRefreshTokens } from "../sessions/refresh-token-codec.ts";
import { Breaker, type BreakerState } from "../stores/breaker.ts";
import { observedStore } from "../stores/observed-store.ts";
import type { Store } from "../stores/store.ts";
import { storeWithBreaker } from "../stores/store-with-breaker.ts";
import { createAccessTokens } from "../tokens/access-tokens.ts";
import { createIdentityAssertions, type IdentityAssertions } from "../tokens/identity.ts";
import type { GatewayOptions } from "./gateway.ts";
import { type OpenStreamsOptions, StreamRegistry, type WatchedStreams } from "./open-streams.ts";
import { createRepairs } from "./repairs.ts";
import { Upkeep } from "./upkeep.ts";

/** The part of a gateway that lives as long as it runs: store, keys, revocations and verified tokens, whatever is configured anew. */
export interface Core
  extends Omit<Services, "config" | "configHash" | "passwords" | "renew" | "reports" | "metricsType"> {
  readonly view: RevocationView;
  readonly follower: Follower;
  readonly assertions: IdentityAssertions;
  readonly streams: WatchedStreams;
  /** Of the limits on routes. */
  readonly buckets: Map<string, Buckets>;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** What the configuration in use is called. */
  use(configHash: string): void;
  start(): Promise<void>;
  /** From now on the gateway says that it is not ready, while it serves as before. */
  leave(): void;
  endStreams(): void;
  stop(): Promise<void>;
  tend(): Promise<boolean>;
  sweep(): Promise<boolean>;
}

export type CoreOptions = Omit<GatewayOptions, "passwords" | "metrics" | "together">;

/** What `config` says of store, tokens and revocation holds from here on: `keepFixed` (config/fixed.ts) names those options. */
export async function createCore(options: CoreOptions): Promise<Core> {
  const { config, observe, now, monotonic, wait } = options;
  const store = guarded(observedStore(options.store, observe, monotonic), options);
  const secretRing = await createSecretRing(options.secrets);
  const { alg, ttl } = config.tokens.access;
  const keyRing = createKeyRing({
    ...{ store, now, alg, accessTtl: ttl, ...config.tokens.keys, sharesReads: options.sharesReads ?? true },
    ...{ secrets: secretRing, signature: options.signature, importSigner: options.importSigner },
    report: (kid, problem) => observe({ kind: "internal_error", where: `signing key ${kid}`, message: problem }),
  });
  const claims = { issuer: config.issuer, audience: config.audience, ttl };
  const { caches } = options;
  const accessTokens = createAccessTokens({
    ...{ ...claims, keyRing, signature: options.signature },
    ...(caches && { cache: caches.tokens }),
  });
  const refreshTokens = createRefreshTokens(secretRing, options.digests);

  const view = new RevocationView();
  const repairs = createRepairs({ store, keyRing, observe });
  const follow = options.follow ?? ((followed) => new FeedFollower(followed));
  const follower: Follower = follow({
    ...{ view, monotonic, wait, interval: options.feedInterval, maxStaleness: config.revocation.maxStaleness },
    readWait: options.feedWait,
    read: (after, limit) => store.readFeed({ after, limit }),
    news: (after, limit, milliseconds) => store.awaitFeed({ after, limit, wait: milliseconds }),
    onApplied: () => streams.viewChanged(),
    receipt: config.store.kind === "sqlite" ? async () => {} : (cursor) => upkeep.announce(cursor),
    ...repairs,
    onAdvanced: (entries, position) => feed.advance(entries, position),
    onBroken(cause) {
      repairs.onBroken(cause);
      feed.restart();
    },
  });
  const { maxStaleness } = config.revocation;
  const feeds = options.feeds ?? ((followed: FeedStreamsOptions) => new FeedStreams(followed));
  const feed: RevocationFeeds = feeds({ view, follower, now, monotonic, wait, maxStaleness });
  const viewState = () => follower.state;
  const authenticator = createTokenAuthenticator({
    ...{ accessTokens, keyRing, viewState, now },
    view: options.judge?.(view) ?? view,
  });
  const watch = options.watch ?? ((watched: OpenStreamsOptions) => new StreamRegistry(watched));
  const streams: WatchedStreams = watch({
    ...{ view, now, monotonic, wait, observe, accessTtl: ttl, maxStaleness },
    viewAge: () => follower.age,
    viewProblem: authenticator.viewProblem,
    session: (of) => store.session(of),
  });
  const upkeep = new Upkeep({
    ...{ store, keyRing, follower, observe, monotonic, wait, accessTtl: ttl, audit: config.audit },
    ...{ node: newId("n"), version: options.version, startedAt: now(), config: () => configHash },
  });
  let leaving = false;
  let configHash = "";

  return {
    ...authenticator,
    ...{ store, keyRing, accessTokens, refreshTokens, observe, now, viewState, view, follower, streams, feed },
    ...{ monotonic, buckets: new Map() },
    secrets: options.secrets,
    assertions: createIdentityAssertions({
      ...{ keyRing, issuer: config.issuer },
      ...(caches && { cache: caches.assertions }),
    }),
    catchUp: () => follower.catchUp(),
    pause: (milliseconds) => wait(milliseconds, new AbortController().signal),
    isLeaving: () => leaving,
    leave() {
      leaving = true;
    },
    use(hash) {
      configHash = hash;
    },
    async start() {
      await follower.start();
      await upkeep.start();
    },
    endStreams: () => feed.close(),
    async stop() {
      feed.close();
      streams.stop();
      await follower.stop();
      await upkeep.stop();
    },
    tend: () => upkeep.tend(),
    sweep: () => upkeep.sweep(),
  };
}

/** A store across a network may not answer at all; the embedded one answers, or says at once that it is busy. */
function guarded(store: Store, { config, monotonic, observe }: Pick<CoreOptions, "config" | "monotonic" | "observe">) {
  if (config.store.kind === "sqlite") return store;
  const onChange = (state: BreakerState): void => observe({ kind: "breaker", state });
  return storeWithBreaker(store, new Breaker({ monotonic, onChange }));
}

/** The same for every gateway with the same options, wherever their store is. */
export async function hashOf(config: Config, sha256: (text: string) => string | Promise<string>): Promise<string> {
  const { store: _, ...shown } = config;
  return (await sha256(JSON.stringify(shown))).slice(0, 12);
}
