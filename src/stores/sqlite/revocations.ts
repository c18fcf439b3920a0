import type { RevocationTarget } from "../../revocation/entry.ts";
import type { OperationInput } from "../operations.ts";
import type { Origin, RevokeResult } from "../store.ts";
import { record } from "./audit.ts";
import { first, integer, text } from "./database.ts";
import { endAllOfUser, endOne, madeUntil, userBeforeNow } from "./endings.ts";
import { feedEnd, publish } from "./feed.ts";
import { beforeNow, clientNotBefore, moveClientNotBefore } from "./not-before.ts";
import { countLive, liveRow } from "./session-rows.ts";
import type { Step } from "./step.ts";
import { userRow } from "./user-rows.ts";

type Request = OperationInput<"revoke">;
type Done = Omit<RevokeResult, "cursor">;

const ITSELF: Origin = { actor: "postern", address: null };

export function revoke(step: Step, request: Request): RevokeResult {
  const done = act(step, request);
  if (!request.dryRun) tell(step, request, done);
  return { ...done, cursor: feedEnd(step) };
}

/** Refuses every access token of before, where the history is not the one that the caller comes from. */
export function sealFeed(step: Step, { from, seen }: OperationInput<"sealFeed">): void {
  if (from.length === 1 && from[0] === step.epoch) return;
  const before = Math.max(seen, beforeNow(step, greatestNotBefore(step)));
  step.db.all("UPDATE store SET tokens_not_before = max(tokens_not_before, ?) WHERE one = 1", before);
  publish(step, { kind: "all", before });
}

export function restore(step: Step, { revocations }: OperationInput<"restore">): void {
  for (const { target, expires } of revocations) {
    act(step, { target, sub: null, reason: "revoked", note: null, dryRun: false, origin: ITSELF });
    step.db.all("UPDATE revocations SET expires = max(expires, ?) WHERE id = ?", expires, feedEnd(step)[0] ?? "0");
  }
}

function act(step: Step, request: Request): Done {
  const { target, dryRun } = request;
  switch (target.kind) {
    case "token":
      return { entries: dryRun ? [] : [publish(step, target)], sessions: 0, users: 0 };
    case "session":
      return session(step, request, target.sid);
    case "user":
      return user(step, target, dryRun);
    case "client": {
      const floor = Math.max(step.tokensNotBefore, clientNotBefore(step, target.clientId));
      const before = inThePast(step, target.before) ?? beforeNow(step, floor);
      if (dryRun) return { entries: [], sessions: 0, users: 0 };
      moveClientNotBefore(step, target.clientId, before);
      return { entries: [publish(step, { ...target, before })], sessions: 0, users: 0 };
    }
    case "key":
      if (dryRun) return { entries: [], sessions: 0, users: 0 };
      step.db.all("UPDATE signing_keys SET revoked_at = ? WHERE kid = ? AND revoked_at IS NULL", step.now, target.kid);
      return { entries: [publish(step, target)], sessions: 0, users: 0 };
    case "all":
      return everything(step, target.before, dryRun);
  }
}

function session(step: Step, request: Request, sid: string): Done {
  const sub = request.sub ?? ownerOf(step, sid);
  const users = sub !== null && userRow(step, sub) !== null ? 1 : 0;
  if (request.dryRun) {
    return { entries: [], sessions: sub !== null && liveRow(step, sub, sid) !== null ? 1 : 0, users };
  }
  if (sub === null) return { entries: [publish(step, { kind: "session", sid })], sessions: 0, users };
  const { existed, entry } = endOne(step, { sub, sid }, request.reason, request.origin);
  return { entries: [entry], sessions: existed ? 1 : 0, users };
}

function user(step: Step, target: RevocationTarget & { readonly kind: "user" }, dryRun: boolean): Done {
  const row = userRow(step, target.sub);
  const users = row === null ? 0 : 1;
  const before = inThePast(step, target.before) ?? userBeforeNow(step, row);
  if (dryRun) return { entries: [], sessions: countLive(step, target.sub, madeUntil(step, before)), users };
  const { sessions, entry } = endAllOfUser(step, target.sub, before);
  return { entries: [entry], sessions, users };
}

function everything(step: Step, asked: number, dryRun: boolean): Done {
  const before = inThePast(step, asked) ?? beforeNow(step, greatestNotBefore(step));
  const until = madeUntil(step, before);
  const sessions = countLive(step, null, until);
  const users = integer(first(step.db.all("SELECT count(*) AS n FROM users")) ?? {}, "n");
  if (dryRun) return { entries: [], sessions, users };
  step.db.all(
    `UPDATE store SET sessions_not_before = max(sessions_not_before, ?), tokens_not_before = max(tokens_not_before, ?)
     WHERE one = 1`,
    before,
    before,
  );
  step.db.all("DELETE FROM sessions WHERE created_at <= ?", until);
  return { entries: [publish(step, { kind: "all", before })], sessions, users };
}

/** A `before` that lies in the past, or null: one in the future is taken as now. */
const inThePast = (step: Step, before: number): number | null => (before < step.now ? before : null);

/** Above the whole of them stands every time of issue there has been, whoever it was for. */
function greatestNotBefore(step: Step): number {
  const rows = step.db.all(
    `SELECT max(tokens_not_before) AS greatest FROM (SELECT tokens_not_before FROM store
       UNION ALL SELECT tokens_not_before FROM users UNION ALL SELECT tokens_not_before FROM client_not_befores)`,
  );
  return integer(rows[0] ?? {}, "greatest");
}

function ownerOf(step: Step, sid: string): string | null {
  const row = first(step.db.all("SELECT sub FROM sessions WHERE sid = ?", sid));
  return row === null ? null : text(row, "sub");
}

function tell(step: Step, request: Request, done: Done): void {
  const { target, origin, reason, note } = request;
  record(step, {
    kind: target.kind === "key" ? "key_revoked" : "revoked",
    actor: origin.actor,
    sub: target.kind === "user" ? target.sub : target.kind === "session" ? request.sub : null,
    sid: target.kind === "session" ? target.sid : null,
    address: origin.address,
    detail: {
      ...named(done.entries[0]?.target ?? target),
      ...(note === null ? {} : { note }),
      reason,
      sessions: done.sessions,
    },
  });
}

function named(target: RevocationTarget): Readonly<Record<string, string | number>> {
  switch (target.kind) {
    case "token":
      return { target: "token", jti: target.jti };
    case "session":
      return { target: "session" };
    case "user":
      return { target: "user", before: target.before };
    case "client":
      return { target: "client", clientId: target.clientId, before: target.before };
    case "key":
      return { target: "key", kid: target.kid };
    case "all":
      return { target: "all", before: target.before };
  }
}
