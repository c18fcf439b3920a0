import { CHALLENGE_NO_TOKEN } from "../authn/challenge.ts";
import type { RequestLimits } from "../limits/request-limits.ts";
import { judge } from "../policy/judge.ts";
import type { Problem } from "../protocol/errors.ts";
import type { Route } from "../routing/route.ts";
import type { Principal } from "../tokens/principal.ts";
import type { Decision } from "./decision.ts";

const NO_COOKIES: readonly string[] = [];

export const refuse = (route: Route | null, problem: Problem): Decision => ({ kind: "refuse", route, problem });

export const unauthenticated = (route: Route): Decision =>
  refuse(route, { code: "unauthenticated", challenge: CHALLENGE_NO_TOKEN });

export const pass = (route: Route, principal: Principal | null, cookies = NO_COOKIES): Decision => ({
  kind: "pass",
  route,
  principal,
  cookies,
});

/** Asks limits and the route's policy about a principal whose token is good, or about none. */
export type Admit = (route: Route, principal: Principal | null, cookies?: readonly string[]) => Decision;

/** `now`: milliseconds since 1970. */
export function createAdmit(limits: RequestLimits, now: () => number): Admit {
  return (route, principal, cookies) => {
    const problem = limits.byPrincipal(route, principal) ?? judge(route.access, principal, now());
    return problem === null ? pass(route, principal, cookies) : refuse(route, problem);
  };
}
