import { hashSecret, secretMatches } from "../../accounts/client-secret.ts";
import { readBearer } from "../../authn/bearer.ts";
import { CHALLENGE_INVALID_TOKEN, CHALLENGE_NO_TOKEN } from "../../authn/challenge.ts";
import type { HeaderList } from "../../lib/header-list.ts";
import type { Problem } from "../../protocol/errors.ts";
import type { Services } from "../services.ts";

/** The role that lets a user call the admin API. */
const ADMIN_ROLE = "admin";

export type AdminCaller =
  /** `actor` for the audit trail: the user's id, or `admin` for the admin token. */
  { readonly ok: true; readonly actor: string } | { readonly ok: false; readonly problem: Problem };

/** Who may call the admin API: the bearer of the admin token, or of an access token with the role `admin`. */
export async function authenticateAdmin(services: Services, headers: HeaderList): Promise<AdminCaller> {
  const bearer = readBearer(headers);
  if (bearer.kind === "none") return refuse({ code: "unauthenticated", challenge: CHALLENGE_NO_TOKEN });
  if (bearer.kind === "unusable") return refuse({ code: "token_invalid", challenge: CHALLENGE_INVALID_TOKEN });
  const { adminToken } = services.secrets;
  if (adminToken !== null && (await secretMatches(await hashSecret(adminToken), bearer.token))) {
    return { ok: true, actor: "admin" };
  }
  const stale = services.viewProblem(false);
  if (stale !== null) return refuse(stale);
  const authenticated = await services.authenticateToken(bearer.token);
  if (!authenticated.ok) return authenticated;
  const { sub, roles } = authenticated.principal;
  if (roles.includes(ADMIN_ROLE)) return { ok: true, actor: sub };
  return refuse({ code: "forbidden", detail: "This needs the role admin." });
}

const refuse = (problem: Problem): AdminCaller => ({ ok: false, problem });
