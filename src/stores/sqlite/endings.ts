import type { RevocationEntry } from "../../revocation/entry.ts";
import type { EndReason } from "../../sessions/end-reason.ts";
import type { AuditKind } from "../records.ts";
import type { Origin } from "../store.ts";
import { record } from "./audit.ts";
import { type Row, text } from "./database.ts";
import { publish } from "./feed.ts";
import { beforeNow, moveUserNotBefore, userNotBefore } from "./not-before.ts";
import { countLive, liveRow } from "./session-rows.ts";
import type { Step } from "./step.ts";

/**
 * Ends one session: its record goes, its entry is published, the audit trail is told. The entry is published whether or not
 * there was a record, so that repeating it heals.
 */
export function endOne(
  step: Step,
  session: { readonly sub: string; readonly sid: string },
  reason: EndReason,
  origin: Origin,
  kind: AuditKind = "session_ended",
): { readonly existed: boolean; readonly entry: RevocationEntry } {
  const existed = liveRow(step, session.sub, session.sid) !== null;
  const removed = step.db.all("DELETE FROM sessions WHERE sid = ? AND sub = ? RETURNING sid", session.sid, session.sub);
  const entry = publish(step, { kind: "session", sid: session.sid });
  if (removed.length > 0) {
    const { sub, sid } = session;
    record(step, { kind, actor: origin.actor, sub, sid, address: origin.address, detail: { reason } });
  }
  return { existed, entry };
}

/** Ends every session of a user that was made at `before` or earlier, and refuses the user's access tokens issued until then. */
export function endAllOfUser(
  step: Step,
  sub: string,
  before: number,
): { readonly sessions: number; readonly entry: RevocationEntry } {
  const until = madeUntil(step, before);
  const sessions = countLive(step, sub, until);
  moveUserNotBefore(step, sub, before, true);
  step.db.all("DELETE FROM sessions WHERE sub = ? AND created_at <= ?", sub, until);
  return { sessions, entry: publish(step, { kind: "user", sub, before }) };
}

/** A revocation as of now ends every session there is, those too that were made before the clock was set back. */
export const madeUntil = (step: Step, before: number): number =>
  before >= step.now ? Number.MAX_SAFE_INTEGER : before;

/** The same as of now. `user`: the user's row. */
export function endAllOfUserNow(step: Step, user: Row): number {
  return endAllOfUser(step, text(user, "id"), userBeforeNow(step, user)).sessions;
}

/** The `before` that covers everything which a user has been given until now. */
export function userBeforeNow(step: Step, user: Row | null): number {
  return beforeNow(step, Math.max(step.tokensNotBefore, userNotBefore(user)));
}
