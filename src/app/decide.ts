import type { Authenticated, TokenAuthenticator } from "../authn/authenticate.ts";
import { type BearerCredential, hasQueryToken, readBearer, readSubprotocolBearer } from "../authn/bearer.ts";
import { CHALLENGE_INVALID_TOKEN } from "../authn/challenge.ts";
import type { Config } from "../config/config.ts";
import { firstHeader } from "../lib/header-list.ts";
import type { RequestLimits } from "../limits/request-limits.ts";
import { isBare, isPreflight, preflightHeaders, preflightMethod } from "../policy/cors.ts";
import type { Problem } from "../protocol/errors.ts";
import type { Route } from "../routing/route.ts";
import type { Router } from "../routing/router.ts";
import { type Admit, pass, refuse } from "./admit.ts";
import type { Decide, Decision, IncomingRequest } from "./decision.ts";

export interface DecideOptions {
  readonly config: Pick<Config, "cors">;
  readonly router: Router;
  readonly authenticator: TokenAuthenticator;
  /** Decides on routes with `credentials: "session"`. */
  readonly decideSession: (request: IncomingRequest, route: Route) => Promise<Decision>;
  readonly limits: RequestLimits;
  readonly admit: Admit;
  readonly clientAddress: (request: IncomingRequest) => string;
}

/** route -> limit (address) -> authenticate -> revoked? -> limit (user, client) -> policy, in this order and nowhere else (docs/architecture.md). */
export function createDecide(options: DecideOptions): Decide {
  const { config, router, authenticator, limits, admit } = options;

  function conclude(route: Route, authenticated: Authenticated): Decision {
    if (!authenticated.ok) return refuse(route, authenticated.problem);
    return admit(route, authenticated.principal);
  }

  function decideBearer(request: IncomingRequest, route: Route): Decision | Promise<Decision> {
    const credential = bearerOf(request, route);
    if (credential.kind === "unusable") {
      return refuse(route, { code: "token_invalid", challenge: CHALLENGE_INVALID_TOKEN });
    }
    if (credential.kind === "none") return admit(route, null);
    const authenticated = authenticator.authenticateToken(credential.token);
    return authenticated instanceof Promise
      ? authenticated.then((settled) => conclude(route, settled))
      : conclude(route, authenticated);
  }

  const floods = (request: IncomingRequest, route: Route): Problem | null =>
    limits.byAddress(route, () => options.clientAddress(request));

  /**
   * Answered here, by the route of the request that it asks for; or let through to a service that answers its own. With a body it is
   * none that a browser has made, and is judged by the method that it has.
   */
  function decidePreflight(request: IncomingRequest): Decision | Promise<Decision> {
    const { headers, target } = request;
    const match = router.match(preflightMethod(headers), firstHeader(headers, "host"), target);
    if (match.kind === "ambiguous_path") return refuse(null, { code: "ambiguous_path" });
    const route = match.kind === "route" ? match.route : null;
    const cors = route === null ? config.cors : route.cors;
    if (route !== null && cors === null) {
      if (!isBare(headers)) return decideRequest(request);
      const flooding = floods(request, route);
      return flooding === null ? pass(forPreflights(route), null) : refuse(route, flooding);
    }
    return { kind: "preflight", headers: preflightHeaders(headers, cors), routed: match.kind !== "not_found" };
  }

  function decideRouted(request: IncomingRequest, route: Route): Decision | Promise<Decision> {
    const flooding = floods(request, route);
    if (flooding !== null) return refuse(route, flooding);
    if (route.access.kind === "public") return pass(route, null);
    const stale = authenticator.viewProblem(route.onStale === "serve");
    if (stale !== null) return refuse(route, stale);
    return route.credentials === "session" ? options.decideSession(request, route) : decideBearer(request, route);
  }

  function decideRequest(request: IncomingRequest): Decision | Promise<Decision> {
    const match = router.match(request.method, firstHeader(request.headers, "host"), request.target);
    switch (match.kind) {
      case "ambiguous_path":
        return refuse(null, { code: "ambiguous_path" });
      case "not_found":
        return refuse(null, { code: "not_found", detail: "No route leads there." });
      case "method_not_allowed":
        return refuse(null, { code: "method_not_allowed", allow: match.allow });
      case "route":
        return decideRouted(request, match.route);
    }
  }

  return (request) =>
    isPreflight(request.method, request.headers) ? decidePreflight(request) : decideRequest(request);
}

/** Nobody is known there, so that nothing but the method of a preflight may be read out of one. */
const forPreflights = (route: Route): Route => ({
  ...route,
  ...{ access: { kind: "optional" }, forwardAuthorization: false, methods: ["OPTIONS"], websocket: false },
});

/** The header's token or, where a browser's WebSocket can send no header, the subprotocol's; never both, and never one in the query. */
function bearerOf({ headers, target }: IncomingRequest, route: Route): BearerCredential {
  if (hasQueryToken(target)) return { kind: "unusable" };
  const inHeader = readBearer(headers);
  if (!route.websocket) return inHeader;
  const inSubprotocol = readSubprotocolBearer(headers);
  if (inSubprotocol.kind === "none") return inHeader;
  return inHeader.kind === "none" ? inSubprotocol : { kind: "unusable" };
}
