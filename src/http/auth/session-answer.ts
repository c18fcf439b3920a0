import type { User } from "../../accounts/records.ts";
import type { Config } from "../../config/config.ts";
import { PROBLEMS, type Problem } from "../../protocol/errors.ts";
import type { Session } from "../../sessions/session.ts";
import type { IssuedToken } from "../../tokens/access-token.ts";
import { accessCookie, refreshCookie, type SameSite } from "../cookies.ts";
import { problemResponse } from "../problem.ts";
import { usesSessionMode } from "../request-facts.ts";
import { jsonResponse, TextResponse } from "../text-response.ts";

/** What cookies are made from. `at`: the store's clock at the answer, in milliseconds. */
export interface CookieSource {
  readonly session: Session;
  readonly access: IssuedToken;
  readonly refreshToken: string;
  readonly at: number;
}

/** What a login or a renewal has made. */
export interface OpenedSession extends CookieSource {
  readonly user: User;
  readonly scopes: readonly string[];
}

export const sameSiteOf = (config: Config): SameSite => (usesSessionMode(config) ? "Lax" : "Strict");

/** The Set-Cookie values of a login or a renewal: the refresh cookie and, where the site uses session mode, the access cookie. */
export function sessionCookies(config: Config, { session, access, refreshToken, at }: CookieSource): string[] {
  const refresh = refreshCookie(refreshToken, (session.absoluteEndsAt - at) / 1000, sameSiteOf(config));
  return usesSessionMode(config) ? [refresh, accessCookie(access.token, access.expiresIn)] : [refresh];
}

/** Answers a login or a renewal: with the refresh token in its channel and, for a form, with where to go on. */
export function sessionAnswer(config: Config, opened: OpenedSession, location: string | null = null): Response {
  const { user, session, access, scopes, refreshToken } = opened;
  const cookies = session.channel === "cookie" ? sessionCookies(config, opened) : [];
  const headers = ["Cache-Control", "no-store", ...cookies.flatMap((cookie) => ["Set-Cookie", cookie])];
  if (location !== null) return new TextResponse(null, { status: 303, headers: [...headers, "Location", location] });
  const answered = {
    access_token: access.token,
    token_type: "Bearer",
    expires_in: access.expiresIn,
    scope: scopes.join(" "),
    session_id: session.sid,
    ...(session.channel === "body" ? { refresh_token: refreshToken } : {}),
    user: { id: user.id, username: user.username, roles: user.roles },
  };
  return jsonResponse(answered, 200, headers);
}

/** A form that failed goes back to the login page, where there is one, with the problem's code for the page to explain. */
export function loginFormProblem(config: Config, problem: Problem, returnTo: string | null): Response {
  if (config.login.page === null || PROBLEMS[problem.code].status === 503) return problemResponse(problem);
  const location = new URL(config.login.page, config.origin);
  location.searchParams.set("error", problem.code);
  if (returnTo !== null) location.searchParams.set("return_to", returnTo);
  const headers = { Location: `${location.pathname}${location.search}`, "Cache-Control": "no-store" };
  return new Response(null, { status: 303, headers });
}
