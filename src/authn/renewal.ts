import type { User } from "../accounts/records.ts";
import type { Observe } from "../observe/observation.ts";
import type { Problem, ProblemCode } from "../protocol/errors.ts";
import { clientContext } from "../sessions/client-context.ts";
import type { RefreshResult } from "../sessions/refresh.ts";
import type { GrantedRefreshOutcome, RefreshOutcome } from "../sessions/refresh-outcome.ts";
import type { RefreshToken, RefreshTokens } from "../sessions/refresh-token.ts";
import type { Session, SessionLimits } from "../sessions/session.ts";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "../stores/store.ts";
import type { AccessTokens, IssuedToken } from "../tokens/access-token.ts";
import { accessGrant } from "./access-grant.ts";
import { narrowScopes, type RoleTable, scopesOfRoles } from "./scopes.ts";

export interface RenewalContext {
  readonly address: string;
  readonly userAgent: string;
  /** Scopes asked for, or null for all that the session has. */
  readonly scopes: readonly string[] | null;
  /** False: a new access token only, the refresh token stays as it is (session mode). */
  readonly rotate: boolean;
}

export type Renewal =
  | {
      readonly ok: true;
      readonly outcome: GrantedRefreshOutcome;
      readonly access: IssuedToken;
      readonly scopes: readonly string[];
      /** The refresh token to keep. */
      readonly refreshToken: string;
      readonly session: Session;
      readonly user: User;
      /** The store's clock at the renewal, in milliseconds. */
      readonly at: number;
    }
  | { readonly ok: false; readonly outcome: RefreshOutcome; readonly problem: Problem };

export interface RenewalOptions {
  readonly store: Pick<Store, "refreshSession" | "session" | "userById">;
  readonly accessTokens: Pick<AccessTokens, "issue">;
  readonly refreshTokens: RefreshTokens;
  readonly roles: RoleTable;
  readonly limits: SessionLimits;
  readonly observe: Observe;
  /** Applies to this gateway's view what the store has just published. */
  readonly catchUp: () => Promise<void>;
  /** Whether this gateway's view holds the session's end. */
  readonly hasEnded: (sid: string) => boolean;
}

export type Renew = (token: RefreshToken, context: RenewalContext) => Promise<Renewal>;

/** The one way to renew a session: for /auth/refresh, the refresh_token grant and session mode. */
export function createRenewal(options: RenewalOptions): Renew {
  const { store, accessTokens, refreshTokens, roles, limits, observe } = options;

  async function wouldWiden(token: RefreshToken, asked: readonly string[]): Promise<boolean> {
    const [session, user] = await Promise.all([store.session(token), store.userById(token)]);
    if (session === null || user === null) return false;
    const allowed = narrowScopes(scopesOfRoles(user.roles, roles), session.scopes);
    return asked.some((scope) => !allowed.includes(scope));
  }

  async function refresh(token: RefreshToken, context: RenewalContext): Promise<RefreshResult> {
    return store.refreshSession({
      sub: token.sub,
      sid: token.sid,
      generation: token.generation,
      rHash: await refreshTokens.hashOf(token.r),
      secretId: refreshTokens.secretId,
      context: clientContext(context.userAgent),
      address: context.address,
      userAgent: context.userAgent,
      rotate: context.rotate,
      limits,
    });
  }

  async function renew(token: RefreshToken, context: RenewalContext): Promise<Renewal> {
    if (context.scopes !== null && (await wouldWiden(token, context.scopes))) {
      const detail = "More scope was asked for than the login has.";
      return { ok: false, outcome: "malformed", problem: { code: "insufficient_scope", detail } };
    }
    // A failover may have lost the end, and the session be there again until the gateways have written it back.
    if (options.hasEnded(token.sid)) return { ok: false, outcome: "ended", problem: { code: problemCode("ended") } };
    const result = await refresh(token, context);
    if (!("session" in result)) {
      if (endsSession(result.outcome)) await options.catchUp();
      return { ok: false, outcome: result.outcome, problem: { code: problemCode(result.outcome) } };
    }
    const { user, session, issuedAt } = result;
    const scopes = narrowScopes(narrowScopes(scopesOfRoles(user.roles, roles), session.scopes), context.scopes);
    const access = await accessTokens.issue(accessGrant(user, session, scopes, issuedAt));
    const { generation, secretId } = session;
    const refreshToken = await refreshTokens.encode({ ...token, generation, secretId });
    return {
      ok: true,
      outcome: result.outcome,
      access,
      scopes,
      refreshToken,
      session,
      user,
      at: issuedAt,
    };
  }

  return async (token, context) => {
    const renewal = await renew(token, context).catch((error: unknown) => {
      const failed = storeFailure(error);
      if (failed === null) throw error;
      return failed;
    });
    observe({ kind: "refresh", outcome: renewal.outcome });
    return renewal;
  };
}

function storeFailure(error: unknown): Renewal | null {
  if (error instanceof StoreUnavailable) {
    return { ok: false, outcome: "unavailable", problem: { code: "store_unavailable" } };
  }
  if (error instanceof StoreOutcomeUnknown) {
    return { ok: false, outcome: "outcome_unknown", problem: { code: "outcome_unknown" } };
  }
  return null;
}

type RefusedOutcome = Exclude<RefreshResult["outcome"], GrantedRefreshOutcome>;

function endsSession(outcome: RefusedOutcome): boolean {
  return outcome === "theft" || outcome === "lost" || outcome === "expired" || outcome === "idle_expired";
}

function problemCode(outcome: RefusedOutcome): ProblemCode {
  switch (outcome) {
    case "idle_expired":
    case "expired":
      return "refresh_expired";
    case "ended":
      return "session_ended";
    case "lost":
    case "theft":
      return "refresh_reused";
    case "other_client":
    case "malformed":
      return "refresh_invalid";
  }
}
