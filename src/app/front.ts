import type { Passwords } from "../accounts/passwords.ts";
import { createRenewal } from "../authn/renewal.ts";
import type { Config } from "../config/config.ts";
import { readinessOf } from "../http/readiness.ts";
import type { Services } from "../http/services.ts";
import type { HeaderList } from "../lib/header-list.ts";
import { createRequestLimits } from "../limits/request-limits.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Reports } from "../observe/readiness.ts";
import { createAddressSet } from "../proxy/address.ts";
import { clientAddress } from "../proxy/client-address.ts";
import { reservedPaths } from "../routing/reserved.ts";
import { createRouter } from "../routing/router.ts";
import type { Principal } from "../tokens/principal.ts";
import { createAdmit } from "./admit.ts";
import type { Core } from "./core.ts";
import { createDecide } from "./decide.ts";
import type { IncomingRequest } from "./decision.ts";
import { createEndpoints } from "./endpoints.ts";
import { createForwardAuth } from "./forward-auth.ts";
import type { Front } from "./gateway.ts";
import { completeIdentityHeaders, identityHeaderList } from "./identity-headers.ts";
import { createSessionMode } from "./session-mode.ts";

/** What one configuration makes of the core. */
export interface FrontOptions {
  readonly config: Config;
  readonly configHash: string;
  readonly passwords: Passwords;
  readonly metrics?: Metrics | undefined;
  /** See GatewayOptions. */
  readonly together?: ((own: Reports) => Reports) | undefined;
}

/** What the endpoints work with under this configuration. */
export function createServices(core: Core, options: FrontOptions): Services {
  const { config, configHash, passwords, metrics, together = (own) => own } = options;
  const { store, accessTokens, refreshTokens, observe, catchUp, follower, view } = core;
  const readings = () => ({
    view: { state: follower.state, entries: view.size, age: follower.age },
    hashing: passwords.load(),
    followers: core.feed.size,
    streams: core.streams.counts,
  });
  const renew = createRenewal({
    ...{ store, accessTokens, refreshTokens, observe, catchUp },
    hasEnded: (sid) => view.holds({ kind: "session", sid }),
    ...{ roles: config.roles, limits: config.sessions },
  });
  const reports = together({
    readiness: () => readinessOf(core, configHash),
    metrics: async () => (metrics === undefined ? "" : metrics.text(readings())),
  });
  return { ...core, config, configHash, passwords, renew, reports, metricsType: metrics?.contentType ?? null };
}

/** Routes, decision and endpoints of one configuration. */
export function createFront(core: Core, options: FrontOptions): Front {
  const { config } = options;
  const { observe, now, assertions, streams, view } = core;
  const services = createServices(core, options);
  const trusted = createAddressSet(config.trustedProxies);
  const router = createRouter(config.routes, reservedPaths(config));
  const limits = createRequestLimits({
    ...{ overall: config.limits, routes: config.routes, known: core.buckets, monotonic: core.monotonic },
  });
  const common = {
    ...{ config, authenticator: core, admit: createAdmit(limits, now) },
    clientAddress: ({ peer, headers }: IncomingRequest) => clientAddress(peer, headers, trusted),
  };
  const decideSession = createSessionMode({ ...common, refreshTokens: core.refreshTokens, renew: services.renew });
  const decide = createDecide({ ...common, router, limits, decideSession });

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
  const isReserved = (target: string): boolean => router.isReserved(target);
  return {
    config,
    observe,
    decide,
    isReserved,
    identityHeaders,
    streams,
    revocations: view,
    ...createEndpoints({ services, verify, trusted }),
  };
}
