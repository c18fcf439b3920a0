import { CHALLENGE_NO_TOKEN } from "../authn/challenge.ts";
import type { Problem } from "../protocol/errors.ts";
import type { Access } from "../routing/route.ts";
import type { Principal } from "../tokens/principal.ts";
import { scopeChallenge, stepUpChallenge } from "./challenge.ts";

/** What a route's rule looks at. */
export type Judged = Pick<Principal, "scopes" | "roles" | "authTime">;

/**
 * Whether a principal may use a route; null: yes. `now` in milliseconds since 1970. What no new login can change (403) comes
 * before what one can (401 `step_up`).
 */
export function judge(access: Access, principal: Judged | null, now: number): Problem | null {
  if (access.kind !== "required") return null;
  if (principal === null) return { code: "unauthenticated", challenge: CHALLENGE_NO_TOKEN };
  const { scopes, roles, maxAge } = access;
  if (!scopes.every((scope) => principal.scopes.includes(scope))) {
    return { code: "insufficient_scope", challenge: scopeChallenge(scopes) };
  }
  if (roles.length > 0 && !roles.some((role) => principal.roles.includes(role))) return { code: "forbidden" };
  if (maxAge === null) return null;
  const age = principal.authTime === null ? Number.POSITIVE_INFINITY : now - principal.authTime * 1000;
  return age > maxAge ? { code: "step_up", challenge: stepUpChallenge(maxAge) } : null;
}
