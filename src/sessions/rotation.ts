import type { User } from "../accounts/records.ts";
import type { EndReason } from "./end-reason.ts";
import type { RefreshRequest } from "./refresh.ts";
import type { GrantedRefreshOutcome } from "./refresh-outcome.ts";
import type { Session } from "./session.ts";

/** How far ahead of the record a validly signed generation may be: writes that a failover lost. */
export const MAX_ROLL_FORWARD = 8;

/** What is to become of a session when a refresh token is shown. */
export type RefreshVerdict =
  /** Store `session` and answer with its current token. */
  | { readonly kind: "grant"; readonly outcome: GrantedRefreshOutcome; readonly session: Session }
  /** End the session, publish its entry and audit it, before the answer. */
  | {
      readonly kind: "end";
      readonly outcome: "idle_expired" | "expired" | "lost" | "theft";
      readonly reason: EndReason;
    }
  /** There is no session: nothing to change. */
  | { readonly kind: "ended" }
  /** Refuse and audit; the session goes on, because what was wrong is the caller's to choose. */
  | {
      readonly kind: "refuse";
      readonly outcome: "other_client" | "malformed";
      readonly audit: "refresh_other_client" | "refresh_ahead" | "refresh_forged";
    };

/**
 * Judges a refresh token whose mac is right against the session's record (docs/sessions.md). Every store decides by these
 * rules inside one atomic step. `notBefore`: sessions created then or earlier were ended by a revocation of everything.
 */
export function judgeRefresh(
  session: Session | null,
  user: User | null,
  notBefore: number,
  request: RefreshRequest,
  now: number,
): RefreshVerdict {
  if (session === null || user === null || user.disabled) return { kind: "ended" };
  if (session.createdAt <= Math.max(notBefore, user.notBefore)) return { kind: "ended" };
  // The mac vouches for our secret, the random part for our store: whoever has only the secret is refused here.
  if (session.rHash !== request.rHash) return { kind: "refuse", outcome: "malformed", audit: "refresh_forged" };
  if (now >= session.absoluteEndsAt) return { kind: "end", outcome: "expired", reason: "absolute" };
  if (now >= session.idleEndsAt) return { kind: "end", outcome: "idle_expired", reason: "idle" };

  const ahead = request.generation - session.generation;
  if (ahead > MAX_ROLL_FORWARD) return { kind: "refuse", outcome: "malformed", audit: "refresh_ahead" };
  if (ahead > 0) {
    const rolled = { generation: request.generation, rotatedAt: now, secretId: request.secretId };
    return grant("rolled_forward", session, { ...rolled, shown: true, context: request.context }, request, now);
  }
  const age = now - session.rotatedAt;
  if (ahead === 0) {
    if (!request.rotate || age < request.limits.grace) return grant("kept", session, { shown: true }, request, now);
    const next = { generation: session.generation + 1, rotatedAt: now, secretId: request.secretId };
    return grant("rotated", session, { ...next, shown: false, context: request.context }, request, now);
  }
  if (ahead === -1 && age <= request.limits.grace) {
    if (session.context !== request.context) {
      return { kind: "refuse", outcome: "other_client", audit: "refresh_other_client" };
    }
    return grant("replayed", session, {}, request, now);
  }
  const lost = ahead === -1 && !session.shown;
  return { kind: "end", outcome: lost ? "lost" : "theft", reason: lost ? "lost" : "theft" };
}

function grant(
  outcome: GrantedRefreshOutcome,
  session: Session,
  change: Partial<Session>,
  request: RefreshRequest,
  now: number,
): RefreshVerdict {
  const used = {
    lastUsedAt: now,
    idleEndsAt: Math.min(now + request.limits.idle, session.absoluteEndsAt),
    address: request.address,
    userAgent: request.userAgent,
  };
  return { kind: "grant", outcome, session: { ...session, ...change, ...used } };
}
