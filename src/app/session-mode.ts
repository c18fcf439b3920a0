import type { TokenAuthenticator } from "../authn/authenticate.ts";
import { readBearer } from "../authn/bearer.ts";
import { CHALLENGE_INVALID_TOKEN } from "../authn/challenge.ts";
import { readCookie } from "../authn/cookies.ts";
import { isForged, isSafeMethod } from "../authn/csrf.ts";
import type { Renew } from "../authn/renewal.ts";
import type { Config } from "../config/config.ts";
import { sessionCookies } from "../http/auth/session-answer.ts";
import { accessCookie } from "../http/cookies.ts";
import { USER_AGENT_MAX } from "../http/request-facts.ts";
import { safeReturnTo } from "../http/return-to.ts";
import { firstHeader } from "../lib/header-list.ts";
import { PROBLEMS } from "../protocol/errors.ts";
import { ACCESS_COOKIE, REFRESH_COOKIE } from "../protocol/names.ts";
import type { Route } from "../routing/route.ts";
import type { RefreshToken, RefreshTokens } from "../sessions/refresh-token.ts";
import { type Admit, refuse, unauthenticated } from "./admit.ts";
import type { Decision, IncomingRequest } from "./decision.ts";

const MAX_COOKIE_VALUE = 4096 - ACCESS_COOKIE.length;

export interface SessionModeOptions {
  readonly config: Config;
  readonly authenticator: TokenAuthenticator;
  readonly refreshTokens: RefreshTokens;
  readonly renew: Renew;
  readonly clientAddress: (request: IncomingRequest) => string;
  readonly admit: Admit;
}

/**
 * Decides by cookies that no script can read (docs/http.md, session mode): the access cookie while it lasts; then a page load
 * gets both renewed by a redirect to itself, and any other request a new access cookie without a rotation.
 */
export function createSessionMode(
  options: SessionModeOptions,
): (request: IncomingRequest, route: Route) => Promise<Decision> {
  const { config, authenticator, refreshTokens, renew, admit } = options;
  const trusted = { own: config.origin, listed: config.cors.origins };

  /** A page load is shown the login page; everything else is told why. */
  function turnAway(request: IncomingRequest, refused: Decision): Decision {
    if (refused.kind !== "refuse" || refused.route === null) return refused;
    const loginHelps = PROBLEMS[refused.problem.code].status === 401;
    if (!loginHelps || config.login.page === null || !isPageLoad(request)) return refused;
    const location = new URL(config.login.page, config.origin);
    location.searchParams.set("return_to", safeReturnTo(request.target, config.origin, []) ?? "/");
    return { kind: "redirect", route: refused.route, location: location.pathname + location.search, cookies: [] };
  }

  /** A target that begins with `//` would be another site's URL: where paths may be ambiguous, the origin is spelled out. */
  const sameUrl = (target: string): string =>
    safeReturnTo(target, config.origin, []) === null ? config.origin + target : target;

  async function byRefreshCookie(request: IncomingRequest, route: Route, token: RefreshToken): Promise<Decision> {
    const pageLoad = isPageLoad(request);
    const renewal = await renew(token, {
      address: options.clientAddress(request),
      userAgent: (firstHeader(request.headers, "user-agent") ?? "").slice(0, USER_AGENT_MAX),
      scopes: null,
      rotate: pageLoad,
    });
    if (!renewal.ok) return refuse(route, renewal.problem);
    const { access } = renewal;
    const authenticated = await authenticator.authenticateToken(access.token);
    // A redirect to itself for a token that would be refused there would never end.
    if (!authenticated.ok) return refuse(route, authenticated.problem);
    // A browser drops a cookie that is too large (RFC 6265bis §5.6), and the redirect would come back without it for ever.
    if (pageLoad && access.token.length > MAX_COOKIE_VALUE) {
      return admit(route, authenticated.principal, sessionCookies(config, renewal));
    }
    if (pageLoad) {
      const location = sameUrl(request.target);
      return { kind: "redirect", route, location, cookies: sessionCookies(config, renewal) };
    }
    return admit(route, authenticated.principal, [accessCookie(access.token, access.expiresIn)]);
  }

  async function decide(request: IncomingRequest, route: Route): Promise<Decision> {
    const access = readCookie(request.headers, ACCESS_COOKIE);
    const refresh = readCookie(request.headers, REFRESH_COOKIE);
    if (access.kind === "doubled" || refresh.kind === "doubled") {
      return refuse(route, { code: "validation", detail: "A cookie of the session was sent twice." });
    }
    if (access.kind === "none" && refresh.kind === "none") {
      return route.access.kind === "optional" ? admit(route, null) : unauthenticated(route);
    }
    if (readBearer(request.headers).kind !== "none") {
      return refuse(route, { code: "token_invalid", detail: "Two credentials.", challenge: CHALLENGE_INVALID_TOKEN });
    }
    const checked = !isSafeMethod(request.method) || isUpgrade(request);
    if (checked && isForged(request.headers, trusted)) return refuse(route, { code: "csrf" });

    if (access.kind === "one") {
      const authenticated = await authenticator.authenticateToken(access.value);
      if (authenticated.ok) return admit(route, authenticated.principal);
      if (PROBLEMS[authenticated.problem.code].status !== 401) return refuse(route, authenticated.problem);
    }
    const token = refresh.kind === "one" ? await refreshTokens.decode(refresh.value) : null;
    return token?.channel === "cookie" ? byRefreshCookie(request, route, token) : unauthenticated(route);
  }

  return async (request, route) => turnAway(request, await decide(request, route));
}

const isUpgrade = ({ headers }: IncomingRequest): boolean => firstHeader(headers, "upgrade") !== null;

/** A GET navigation: by Fetch Metadata, or by what it accepts where the browser sends none. */
function isPageLoad(request: IncomingRequest): boolean {
  const { method, headers } = request;
  if (method !== "GET" || isUpgrade(request)) return false;
  const mode = firstHeader(headers, "sec-fetch-mode");
  if (mode !== null) return mode === "navigate";
  return (firstHeader(headers, "accept") ?? "").includes("text/html");
}
