import type { Context } from "hono";
import type { Authenticated } from "../../authn/authenticate.ts";
import { hasQueryToken, readBearer } from "../../authn/bearer.ts";
import { CHALLENGE_INVALID_TOKEN, CHALLENGE_NO_TOKEN } from "../../authn/challenge.ts";
import { readCookie } from "../../authn/cookies.ts";
import { isSafeMethod } from "../../authn/csrf.ts";
import type { Problem } from "../../protocol/errors.ts";
import { ACCESS_COOKIE } from "../../protocol/names.ts";
import type { Principal } from "../../tokens/principal.ts";
import { cookieRequestProblem, type PosternEnv, usesSessionMode } from "../request-facts.ts";
import type { Services } from "../services.ts";

/** A person's principal: one that has a session. */
export interface Person extends Principal {
  readonly sid: string;
}

export type PersonResult =
  | { readonly ok: true; readonly person: Person }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Who calls one of the `/auth` endpoints: the bearer of an access token or, where the site uses session mode, of the access
 * cookie. A bearer token goes before the cookie, which browsers send along unasked.
 */
export async function authenticatePerson(c: Context<PosternEnv>, services: Services): Promise<PersonResult> {
  const stale = services.viewProblem(false);
  if (stale !== null) return { ok: false, problem: stale };
  const { headers } = c.env;
  const bearer = readBearer(headers);
  if (bearer.kind === "unusable" || hasQueryToken(c.req.url)) {
    return { ok: false, problem: { code: "token_invalid", challenge: CHALLENGE_INVALID_TOKEN } };
  }
  if (bearer.kind === "token") return asPerson(await services.authenticateToken(bearer.token));
  const cookie = usesSessionMode(services.config) ? readCookie(headers, ACCESS_COOKIE) : { kind: "none" as const };
  if (cookie.kind !== "one") {
    return { ok: false, problem: { code: "unauthenticated", challenge: CHALLENGE_NO_TOKEN } };
  }
  const forged = isSafeMethod(c.req.method) ? null : cookieRequestProblem(c.env, services.config);
  if (forged !== null) return { ok: false, problem: forged };
  return asPerson(await services.authenticateToken(cookie.value));
}

function asPerson(authenticated: Authenticated): PersonResult {
  if (!authenticated.ok) return authenticated;
  const { principal } = authenticated;
  if (principal.sid === null) {
    return { ok: false, problem: { code: "forbidden", detail: "A client's token has no session." } };
  }
  return { ok: true, person: { ...principal, sid: principal.sid } };
}
