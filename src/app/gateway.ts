import type { Passwords } from "../accounts/passwords.ts";
import type { Config, Secrets } from "../config/config.ts";
import type { SignatureCheck } from "../keys/key-ring.ts";
import type { ImportSigner } from "../keys/signer.ts";
import type { Digests } from "../lib/digests.ts";
import type { HeaderList } from "../lib/header-list.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Observe } from "../observe/observation.ts";
import type { Reports } from "../observe/readiness.ts";
import type { FeedStreamsOptions, RevocationFeeds } from "../revocation/feed-streams.ts";
import type { Follower, FollowerOptions } from "../revocation/follower.ts";
import type { RevisedView, RevocationJudge, RevocationView } from "../revocation/view.ts";
import type { Store } from "../stores/store.ts";
import type { CacheBounds } from "../tokens/generation-cache.ts";
import type { Principal } from "../tokens/principal.ts";
import { createCore, hashOf } from "./core.ts";
import type { Decide } from "./decision.ts";
import type { Connection } from "./endpoints.ts";
import { createFront } from "./front.ts";
import type { OpenStreams, OpenStreamsOptions, WatchedStreams } from "./open-streams.ts";

/**
 * A gateway as a transport asks it: `isReserved` first; what is reserved goes to `endpoints`, everything else to `decide`, and what
 * passes is sent to its upstream with `identityHeaders` added. It belongs to one configuration and never changes.
 */
export interface Front {
  readonly config: Config;
  readonly observe: Observe;
  /** Whether a path on the main listener is one of Postern's own. `target` as sent. */
  isReserved(target: string): boolean;
  readonly decide: Decide;
  /** Answers a request to one of Postern's own endpoints. */
  endpoints(request: Request, connection: Connection): Promise<Response>;
  /** The answer to a body that is too large for Postern's own endpoints; `target` as sent. */
  tooLarge(target: string): Response;
  /** Answers a request on the operations listener. */
  operations(request: Request, connection: Connection): Promise<Response>;
  /** The identity headers for an upstream, assertion included. Synchronous while the assertion is cached, and on Node always. */
  identityHeaders(principal: Principal, upstream: string): HeaderList | Promise<HeaderList>;
  /** Where a transport tells what goes on after its request has been let through, to have it cut when it no longer would be. */
  readonly streams: OpenStreams;
  /** What a transport judges by once more where an answer was long in coming. */
  readonly revocations: RevisedView;
}

/** One gateway, free of any runtime. */
export interface Gateway extends Front {
  /** What its configuration is called, to tell two apart. */
  readonly configHash: string;
  /**
   * The same gateway, its store, keys, view and caches, under another configuration. This one goes on for what it has begun. The
   * options that `keepFixed` (config/fixed.ts) names must be as they are.
   */
  reconfigured(config: Config, passwords: Passwords): Promise<Gateway>;
  /** Reads keys and catches up with the feed, then follows it. Resolves when the first attempt has ended, well or not. */
  start(): Promise<void>;
  /** Readiness says no from now on; everything else goes on. */
  leave(): void;
  /** Ends the answers that would outlast any drain: those on which services follow the revocations. */
  endStreams(): void;
  /** Stops following and takes its receipt back; the store stays open. */
  stop(): Promise<void>;
  /**
   * Of what a started gateway does by itself, its receipt and its keys: where nothing runs between requests, somebody has to ask for it.
   * Resolves with whether all that was due has been done.
   */
  tend(): Promise<boolean>;
  /** Clears away a batch of what has expired; resolves with whether there is more. Rejects with a store error. */
  sweep(): Promise<boolean>;
}

/** What a runtime brings. */
export interface GatewayOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly store: Store;
  readonly passwords: Passwords;
  readonly signature: SignatureCheck;
  readonly importSigner: ImportSigner;
  readonly digests: Digests;
  readonly observe: Observe;
  /** Left out by a runtime whose operators read what is observed elsewhere. */
  readonly metrics?: Metrics;
  /** Where several processes are one gateway: takes what this one says of itself, and gives what they say together. */
  readonly together?: (own: Reports) => Reports;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Resolves after so many milliseconds, or when the signal is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds between two looks at the feed. */
  readonly feedInterval: number;
  /** Milliseconds between two reads of the feed, in which entries are waited for; 0 where the store cannot tell when one comes. */
  readonly feedWait: number;
  readonly version: string;
  /** How the view is kept in step with the feed, where it is not followed all the time. */
  readonly follow?: (options: FollowerOptions) => Follower;
  /** Who is asked about a token, where the view may be too large to be held. */
  readonly judge?: (view: RevocationView) => RevocationJudge;
  /** How open streams are watched, where one request can't look after another's. */
  readonly watch?: (options: OpenStreamsOptions) => WatchedStreams;
  /** How services follow the revocations, where one request can't look after another's. */
  readonly feeds?: (options: FeedStreamsOptions) => RevocationFeeds;
  /** False where what one request waits for must not be waited for by another. Default: true. */
  readonly sharesReads?: boolean;
  /** What may be kept of tokens that were verified, and of assertions for each upstream, where memory is short. */
  readonly caches?: { readonly tokens: CacheBounds; readonly assertions: CacheBounds };
}

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { digests, metrics, together } = options;
  const core = await createCore(options);
  async function under(config: Config, passwords: Passwords): Promise<Gateway> {
    const configHash = await hashOf(config, digests.sha256);
    const front = createFront(core, { config, configHash, passwords, metrics, together });
    core.use(configHash);
    const { start, leave, endStreams, stop, tend, sweep } = core;
    return { ...front, configHash, reconfigured: under, start, leave, endStreams, stop, tend, sweep };
  }
  return under(options.config, options.passwords);
}
