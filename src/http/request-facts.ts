import { readCookie } from "../authn/cookies.ts";
import { isForged } from "../authn/csrf.ts";
import type { Config } from "../config/config.ts";
import type { HeaderList } from "../lib/header-list.ts";
import type { Problem } from "../protocol/errors.ts";
import { REFRESH_COOKIE } from "../protocol/names.ts";
import { headerOf } from "./whole-request.ts";

/** What Hono carries beside the request. */
export interface PosternEnv {
  readonly Bindings: {
    /** The socket's other end. */
    readonly peer: string;
    /** Header lines as received: doubled ones can be told apart. */
    readonly headers: HeaderList;
    /** The client's address, behind trusted proxies too. */
    readonly address: string;
    /** True when a trusted proxy says that the request came over plain http. */
    readonly plainHttp: boolean;
  };
}

/** User agents are kept for people to tell their devices apart: no more of them than that needs. */
export const USER_AGENT_MAX = 256;
export const userAgentOf = (request: Request): string =>
  (headerOf(request, "user-agent") ?? "").slice(0, USER_AGENT_MAX);

/** The refresh cookie's text, null where there is none, or the problem of two. */
export function shownRefreshCookie(
  headers: HeaderList,
): { readonly ok: true; readonly value: string | null } | { readonly ok: false; readonly problem: Problem } {
  const cookie = readCookie(headers, REFRESH_COOKIE);
  switch (cookie.kind) {
    case "none":
      return { ok: true, value: null };
    case "one":
      return { ok: true, value: cookie.value };
    case "doubled":
      return { ok: false, problem: { code: "validation", detail: `The cookie ${REFRESH_COOKIE} was sent twice.` } };
  }
}

const CSRF_DETAIL =
  'A page of this site sends Sec-Fetch-Site: same-origin or its Origin; others are listed in cors.origins. Clients that are no browser log in with "refresh": "body".';

/** The problem of a request that another site may have made, or that a cookie must not answer; null when it may go on. */
export function cookieRequestProblem({ headers, plainHttp }: PosternEnv["Bindings"], config: Config): Problem | null {
  if (isForged(headers, { own: config.origin, listed: config.cors.origins })) {
    return { code: "csrf", detail: CSRF_DETAIL };
  }
  if (plainHttp && config.origin.startsWith("https:")) return { code: "misdirected" };
  return null;
}

/** Whether some route uses session mode, and with it the access cookie. */
export const usesSessionMode = (config: Config): boolean =>
  config.routes.some(({ credentials }) => credentials === "session");
