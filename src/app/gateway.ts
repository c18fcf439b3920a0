import type { Passwords } from "../accounts/passwords.ts";
import { createTokenAuthenticator } from "../authn/authenticate.ts";
import { createRenewal } from "../authn/renewal.ts";
import type { Config, Secrets } from "../config/config.ts";
import type { Services } from "../http/services.ts";
import type { SignatureCheck } from "../keys/key-ring.ts";
import { createSecretRing } from "../keys/secrets.ts";
import type { ImportSigner } from "../keys/signer.ts";
import { createKeyRing } from "../keys/stored-key-ring.ts";
import type { Digests } from "../lib/digests.ts";
import type { HeaderList } from "../lib/header-list.ts";
import { newId } from "../lib/ids.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Observe } from "../observe/observation.ts";
import { createAddressSet } from "../proxy/address.ts";
import { clientAddress } from "../proxy/client-address.ts";
import { FeedFollower } from "../revocation/follower.ts";
import { RevocationView } from "../revocation/view.ts";
import { reservedPaths } from "../routing/reserved.ts";
import { createRouter } from "../routing/router.ts";
import { createRefreshTokens } from "../sessions/refresh-token-codec.ts";
import { Breaker, type BreakerState } from "../stores/breaker.ts";
import { observedStore } from "../stores/observed-store.ts";
import type { Store } from "../stores/store.ts";
import { storeWithBreaker } from "../stores/store-with-breaker.ts";
import { createAccessTokens } from "../tokens/access-tokens.ts";
import { createIdentityAssertions } from "../tokens/identity.ts";
import type { Principal } from "../tokens/principal.ts";
import { createDecide } from "./decide.ts";
import type { Decide } from "./decision.ts";
import { type Connection, createEndpoints } from "./endpoints.ts";
import { createForwardAuth } from "./forward-auth.ts";
import { completeIdentityHeaders, identityHeaderList } from "./identity-headers.ts";
import { createRepairs } from "./repairs.ts";
import { createSessionMode } from "./session-mode.ts";
import { Upkeep } from "./upkeep.ts";

/**
 * One gateway, free of any runtime. A transport asks `isReserved` first: what is reserved goes to `endpoints`, everything else
 * to `decide`, and what passes is sent to its upstream with `identityHeaders` added.
 */
export interface Gateway {
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
  /** Reads keys and catches up with the feed, then follows it. Resolves when the first attempt has ended, well or not. */
  start(): Promise<void>;
  /** Stops following and takes its receipt back; the store stays open. */
  stop(): Promise<void>;
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
}

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, observe, now, monotonic, wait } = options;
  const store = guarded(observedStore(options.store, observe, monotonic), options);
  const secretRing = await createSecretRing(options.secrets);
  const { alg, ttl } = config.tokens.access;
  const keyRing = createKeyRing({
    ...{ store, now, alg, accessTtl: ttl, ...config.tokens.keys },
    ...{ secrets: secretRing, signature: options.signature, importSigner: options.importSigner },
    report: (kid, problem) => observe({ kind: "internal_error", where: `signing key ${kid}`, message: problem }),
  });
  const claims = { issuer: config.issuer, audience: config.audience, ttl };
  const accessTokens = createAccessTokens({ ...claims, keyRing, signature: options.signature });
  const refreshTokens = createRefreshTokens(secretRing, options.digests);

  const view = new RevocationView();
  const follower = new FeedFollower({
    ...{ view, monotonic, wait, interval: options.feedInterval, maxStaleness: config.revocation.maxStaleness },
    readWait: options.feedWait,
    read: (after, limit) => store.readFeed({ after, limit }),
    news: (after, limit, milliseconds) => store.awaitFeed({ after, limit, wait: milliseconds }),
    receipt: config.store.kind === "sqlite" ? async () => {} : (cursor) => upkeep.announce(cursor),
    ...createRepairs({ store, keyRing, observe }),
  });
  const viewState = () => follower.state;
  const catchUp = () => follower.catchUp();
  const authenticator = createTokenAuthenticator({ accessTokens, keyRing, view, viewState, now });
  const renew = createRenewal({
    ...{ store, accessTokens, refreshTokens, observe, catchUp },
    hasEnded: (sid) => view.holds({ kind: "session", sid }),
    ...{ roles: config.roles, limits: config.sessions },
  });

  const trusted = createAddressSet(config.trustedProxies);
  const router = createRouter(config.routes, reservedPaths(config));
  const decideSession = createSessionMode({
    ...{ config, authenticator, refreshTokens, renew, now },
    clientAddress: ({ peer, headers }) => clientAddress(peer, headers, trusted),
  });
  const decide = createDecide({ config, router, authenticator, decideSession, now });

  const assertions = createIdentityAssertions({ keyRing, issuer: config.issuer });
  function identityHeaders(principal: Principal, upstream: string): HeaderList | Promise<HeaderList> {
    const names = config.identityHeaders;
    const assertion = assertions.assertion(principal, upstream, now());
    return typeof assertion === "string"
      ? identityHeaderList(names, principal, assertion)
      : assertion.then((text) => identityHeaderList(names, principal, text));
  }
  const verify = createForwardAuth({
    ...{ decide, trusted },
    async identity({ principal, route }) {
      // For the service that the route names; where it names none, all services of this gateway are one.
      const audience = route.upstream ?? route.host ?? config.audience;
      const given = principal === null ? [] : await identityHeaders(principal, audience);
      return completeIdentityHeaders(config.identityHeaders, given);
    },
  });

  const { metrics, passwords } = options;
  const readings = () => ({
    view: { state: follower.state, entries: view.size, age: follower.age },
    hashing: passwords.load(),
  });
  const services: Services = {
    ...authenticator,
    ...{ config, store, keyRing, accessTokens, refreshTokens, observe, now, renew, catchUp, viewState },
    ...{ secrets: options.secrets, passwords },
    ...(metrics === undefined ? {} : { metrics: { ...metrics, text: () => metrics.text(readings()) } }),
    pause: (milliseconds) => wait(milliseconds, new AbortController().signal),
  };
  const { endpoints, operations, tooLarge } = createEndpoints({ services, verify, trusted });
  const upkeep = new Upkeep({
    ...{ store, keyRing, follower, observe, monotonic, wait, accessTtl: ttl, audit: config.audit },
    ...{ node: newId("n"), version: options.version, startedAt: now() },
  });

  return {
    ...{ config, observe, decide, endpoints, operations, tooLarge, identityHeaders },
    isReserved: (target) => router.isReserved(target),
    async start() {
      await follower.start();
      await upkeep.start();
    },
    async stop() {
      await follower.stop();
      await upkeep.stop();
    },
  };
}

/** A store across a network may not answer at all; the embedded one answers, or says at once that it is busy. */
function guarded(store: Store, { config, monotonic, observe }: GatewayOptions): Store {
  if (config.store.kind === "sqlite") return store;
  const onChange = (state: BreakerState): void => observe({ kind: "breaker", state });
  return storeWithBreaker(store, new Breaker({ monotonic, onChange }));
}
