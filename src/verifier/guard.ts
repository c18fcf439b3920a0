import { readBearer } from "../authn/bearer.ts";
import { CHALLENGE_INVALID_TOKEN, CHALLENGE_NO_TOKEN } from "../authn/challenge.ts";
import { allHeaders, type HeaderList } from "../lib/header-list.ts";
import { judge } from "../policy/judge.ts";
import type { IdentityClaims } from "../protocol/claims.ts";
import type { Problem } from "../protocol/errors.ts";
import { IDENTITY_HEADERS } from "../protocol/names.ts";
import { type ProblemBody, problemBody } from "../protocol/problem-body.ts";
import type { Principal } from "../tokens/principal.ts";
import { AccessTokenRefused, IdentityRefused } from "./refused.ts";
import type { Verifier } from "./verifier.ts";

/** Who a request acts as, whichever way it was said. */
export type Caller = Pick<Principal, "sub" | "name" | "sid" | "clientId" | "roles" | "scopes" | "authTime" | "exp">;

export interface Requirement {
  /** Every one of these. */
  readonly scopes?: readonly string[];
  /** One of these at least. */
  readonly roles?: readonly string[];
  /** The name of the header with the assertion, where the gateway's `identityHeaders` says another than `X-Auth-Identity`. */
  readonly identityHeader?: string;
}

/** The caller, or the answer to give instead: a problem document (RFC 9457). */
export type Guarded =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly answer: ProblemBody };

/**
 * Who sent a request, by the gateway's assertion or, where the verifier takes them and no assertion was sent, by an access token. Made
 * once for each requirement. The frameworks' middleware is this and nothing else.
 */
export function createGuard(
  verifier: Verifier,
  requirement: Requirement = {},
): (headers: HeaderList) => Promise<Guarded> {
  const { scopes = [], roles = [] } = requirement;
  const header = (requirement.identityHeader ?? IDENTITY_HEADERS.identity).toLowerCase();
  const access = { kind: "required", scopes, roles, maxAge: null } as const;
  return async (headers) => {
    const found = await callerOf(verifier, header, headers);
    if ("problem" in found) return { ok: false, answer: problemBody(found.problem) };
    const problem = judge(access, found.caller, 0);
    return problem === null ? { ok: true, caller: found.caller } : { ok: false, answer: problemBody(problem) };
  };
}

type Found = { readonly caller: Caller } | { readonly problem: Problem };

async function callerOf(verifier: Verifier, header: string, headers: HeaderList): Promise<Found> {
  const assertions = allHeaders(headers, header);
  try {
    // Sent twice, it is not the gateway's alone.
    if (assertions.length > 1) return INVALID;
    if (assertions.length === 1) return { caller: asCaller(await verifier.verify(assertions[0])) };
    const bearer = verifier.takesAccessTokens ? readBearer(headers) : NO_BEARER;
    if (bearer.kind === "none") return { problem: { code: "unauthenticated", challenge: CHALLENGE_NO_TOKEN } };
    return bearer.kind === "unusable" ? INVALID : { caller: await verifier.verifyAccessToken(bearer.token) };
  } catch (error) {
    if (error instanceof IdentityRefused || error instanceof AccessTokenRefused) return { problem: problemOf(error) };
    throw error;
  }
}

const NO_BEARER = { kind: "none" } as const;
const INVALID: Found = { problem: { code: "token_invalid", challenge: CHALLENGE_INVALID_TOKEN } };

/** An assertion says nothing of when the login was: the gateway has judged that. */
const asCaller = ({ sub, preferred_username, sid, client_id, roles, scope, exp }: IdentityClaims): Caller => ({
  ...{ sub, name: preferred_username ?? null, sid: sid ?? null, clientId: client_id, authTime: null, exp },
  ...{ roles: roles ?? [], scopes: scope === "" ? [] : scope.split(" ") },
});

function problemOf({ code, message }: IdentityRefused | AccessTokenRefused): Problem {
  switch (code) {
    case "invalid":
      return { code: "token_invalid", challenge: CHALLENGE_INVALID_TOKEN };
    case "expired":
      return { code: "token_expired", challenge: CHALLENGE_INVALID_TOKEN };
    case "revoked":
      return { code: "token_revoked", challenge: CHALLENGE_INVALID_TOKEN };
    case "stale":
      return { code: "stale_view" };
    case "unavailable":
      return { code: "store_unavailable", detail: `Not known now: ${message}.` };
  }
}
