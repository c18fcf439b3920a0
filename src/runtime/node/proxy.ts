import type { Front } from "../../app/gateway.ts";
import { firstHeader, type HeaderList } from "../../lib/header-list.ts";
import { createAddressSet } from "../../proxy/address.ts";
import { bodyTooLong, isTooLong } from "../../proxy/body-limit.ts";
import { createRequestHeaders, hasLooped } from "../../proxy/request-headers.ts";
import { rewriteTarget } from "../../proxy/rewrite.ts";
import type { Upstream } from "../../proxy/upstream.ts";
import type { Exchange, Passed } from "./exchange.ts";
import { ClientBody } from "./proxy-body.ts";
import { Relay } from "./proxy-relay.ts";
import type { Targets } from "./proxy-targets.ts";
import type { SharedTargets } from "./shared-targets.ts";
import type { WebSockets } from "./websocket.ts";

/** Sends requests to their upstreams, over connections that it keeps. */
export interface ReverseProxy {
  /** What is thrown is a defect of ours. */
  forward(exchange: Exchange, passed: Passed): void | Promise<void>;
  /** No new requests come: upstreams that no other configuration names are asked and told of no more. */
  retire(): void;
  /** After `retire`, when the last request has ended: connections that nobody else uses end. */
  destroy(): void;
}

/** What proxies of one listener have in common. */
export interface ProxyOptions {
  /** What this gateway is called in `Via`. */
  readonly pseudonym: string;
  readonly webSockets: WebSockets;
  readonly targets: SharedTargets;
}

const NOBODY: HeaderList = [];

function hostFor({ host }: Upstream, exchange: Exchange): string | null {
  if (host === "target") return null;
  return host === "client" ? firstHeader(exchange.headers, "host") : host.name;
}

export function createProxy(gateway: Front, { pseudonym, webSockets, targets: shared }: ProxyOptions): ReverseProxy {
  const { config, streams, revocations } = gateway;
  const upstreams = new Map(Object.values(config.upstreams).map((upstream) => [upstream.name, shared.take(upstream)]));
  const trusted = createAddressSet(config.trustedProxies);
  const requestHeaders = createRequestHeaders({
    identityNames: Object.values(config.identityHeaders),
    pseudonym,
    scheme: config.issuer.startsWith("https:") ? "https" : "http",
  });

  function send(exchange: Exchange, passed: Passed, targets: Targets, identity: HeaderList): void {
    if (exchange.gone) return;
    const { req, framing } = exchange;
    const method = req.method ?? "GET";
    // Without spreads, here and below: on each request they cost more than they save in lines.
    const headers = requestHeaders({
      method,
      headers: exchange.headers,
      httpVersion: req.httpVersion,
      route: passed.route,
      identity,
      peer: exchange.peer,
      peerTrusted: trusted(exchange.peer),
    });
    const { maxBody, rewrite } = passed.route;
    const body = exchange.hasBody
      ? new ClientBody(req, {
          onStart: () => exchange.continue(),
          max: maxBody ?? Number.POSITIVE_INFINITY,
          onTooLong: () => relay.refuseBody(bodyTooLong(maxBody ?? 0)),
        })
      : null;
    const relay = new Relay({
      exchange,
      targets,
      webSockets,
      method,
      path: rewrite === null ? exchange.target : rewriteTarget(rewrite, exchange.target),
      headers,
      host: hostFor(targets.upstream, exchange),
      body,
      length: framing.kind === "length" ? framing.length : null,
      pseudonym,
      passed,
      streams,
      revocations,
      observe: gateway.observe,
    });
    exchange.onClose = () => relay.abort();
    relay.dispatch();
  }

  return {
    forward(exchange, passed) {
      const { route, principal } = passed;
      const targets = route.upstream === null ? undefined : upstreams.get(route.upstream);
      if (targets === undefined) {
        exchange.refuse({ code: "not_found", detail: "No service stands behind this route." });
        return;
      }
      if (hasLooped(exchange.headers, pseudonym)) {
        exchange.refuse({ code: "upstream_failed", detail: "The request has come back to where it was before." });
        return;
      }
      const { framing } = exchange;
      if (route.maxBody !== null && isTooLong(framing.kind === "length" ? framing.length : null, route.maxBody)) {
        exchange.close();
        exchange.refuse(bodyTooLong(route.maxBody));
        return;
      }
      const identity = principal === null ? NOBODY : gateway.identityHeaders(principal, targets.upstream.name);
      if (!(identity instanceof Promise)) {
        send(exchange, passed, targets, identity);
        return;
      }
      return identity.then((headers) => send(exchange, passed, targets, headers));
    },
    retire() {
      for (const targets of upstreams.values()) shared.retire(targets);
    },
    destroy() {
      for (const targets of upstreams.values()) shared.release(targets);
    },
  };
}
