import type { SweepLimits, SweepResult } from "../store.ts";
import { record, sweepAudit } from "./audit.ts";
import { integer, type Row, text } from "./database.ts";
import { sweepNodes } from "./nodes.ts";
import type { Step } from "./step.ts";

/** Removes what has expired, at most a batch of each kind. */
export function sweep(step: Step, limits: SweepLimits): SweepResult {
  const { now } = step;
  const { batch } = limits;
  sweepNodes(step);
  const { ended, looked } = sweepSessions(step, batch);
  const reasons = ended.map((row) => tellOfEnd(step, row));
  const removed = [
    looked,
    remove(step, "revocations", "id", "expires <= ?", batch, now).length,
    remove(step, "signing_keys", "number", "remove_at <= ?", batch, now).length,
    remove(step, "attempts", "key", "forgotten_at <= ?", batch, now).length,
    sweepAudit(step, limits.auditKeep, limits.auditMax, batch),
  ];
  const absolute = reasons.filter((reason) => reason === "absolute").length;
  return { more: removed.some((count) => count >= batch), idle: ended.length - absolute, absolute };
}

/** `sweep_at` is a session's idle end as of its login or the last look: one that has been refreshed since is looked at again later. */
function sweepSessions(step: Step, batch: number): { readonly ended: readonly Row[]; readonly looked: number } {
  const due = "sid IN (SELECT sid FROM sessions WHERE sweep_at <= ? ORDER BY sweep_at LIMIT ?)";
  const { now } = step;
  const ended = step.db.all(
    `DELETE FROM sessions WHERE ${due} AND idle_ends_at <= ? RETURNING sid, sub, absolute_ends_at`,
    ...[now, batch, now],
  );
  const later = step.db.all(
    `UPDATE sessions SET sweep_at = idle_ends_at WHERE ${due} AND idle_ends_at > ? RETURNING sid`,
    ...[now, batch, now],
  );
  return { ended, looked: ended.length + later.length };
}

function remove(
  step: Step,
  table: "revocations" | "signing_keys" | "attempts",
  id: string,
  expired: string,
  batch: number,
  now: number,
): readonly Row[] {
  return step.db.all(
    `DELETE FROM ${table} WHERE ${id} IN (SELECT ${id} FROM ${table} WHERE ${expired} LIMIT ?) RETURNING *`,
    now,
    batch,
  );
}

// An idle end never lies behind the absolute one, so that one column finds both.
function tellOfEnd(step: Step, row: Row): "absolute" | "idle" {
  const reason = integer(row, "absolute_ends_at") <= step.now ? "absolute" : "idle";
  const [sub, sid] = [text(row, "sub"), text(row, "sid")];
  record(step, { kind: "session_ended", actor: "postern", sub, sid, address: null, detail: { reason } });
  return reason;
}
