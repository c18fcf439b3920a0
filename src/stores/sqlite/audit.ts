import { AUDIT_KINDS, type AuditEvent, type AuditRecord, COUNT_WINDOW, COUNTED_KINDS, readDetail } from "../records.ts";
import { integer, type Row, text, textOrNull, word } from "./database.ts";
import type { Step } from "./step.ts";

export function audit(step: Step, input: { readonly event: AuditEvent }): void {
  record(step, input.event);
}

/** Writes a record of the audit trail in the step that it tells of. */
export function record(step: Step, event: AuditEvent): void {
  const detail = JSON.stringify(event.detail);
  const subject = event.sid ?? event.sub ?? detail;
  const counted = COUNTED_KINDS.includes(event.kind);
  const countedAs = counted ? `${Math.floor(step.now / COUNT_WINDOW)} ${event.kind} ${subject}` : null;
  step.db.all(
    `INSERT INTO audit (at, kind, actor, sub, sid, address, detail, count, counted_as) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)
     ON CONFLICT (counted_as) DO UPDATE SET count = count + 1`,
    step.now,
    event.kind,
    event.actor,
    event.sub,
    event.sid,
    event.address,
    detail,
    countedAs,
  );
}

export function listAudit(
  step: Step,
  input: { readonly after: string | null; readonly limit: number; readonly sub: string | null },
): readonly AuditRecord[] {
  const ofUser = input.sub === null ? [] : [input.sub];
  const where = input.sub === null ? "" : "AND sub = ?";
  if (input.after === null) {
    const newest = `SELECT * FROM audit WHERE id > 0 ${where} ORDER BY id DESC LIMIT ?`;
    return step.db
      .all(newest, ...ofUser, input.limit)
      .map(recordOf)
      .reverse();
  }
  const following = `SELECT * FROM audit WHERE id > ? ${where} ORDER BY id LIMIT ?`;
  return step.db.all(following, numberOf(input.after), ...ofUser, input.limit).map(recordOf);
}

/** Removes the oldest records, those too old and those too many; returns how many. */
export function sweepAudit(step: Step, keep: number, max: number, batch: number): number {
  return step.db.all(
    `DELETE FROM audit WHERE id IN (SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ?)
       WHERE at <= ? OR id <= (SELECT max(id) FROM audit) - ?) RETURNING id`,
    batch,
    step.now - keep,
    max,
  ).length;
}

function numberOf(id: string): number {
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : 0;
}

function recordOf(row: Row): AuditRecord {
  return {
    id: String(integer(row, "id")),
    at: integer(row, "at"),
    kind: word(row, "kind", AUDIT_KINDS),
    actor: text(row, "actor"),
    sub: textOrNull(row, "sub"),
    sid: textOrNull(row, "sid"),
    address: textOrNull(row, "address"),
    detail: readDetail(text(row, "detail")),
    count: integer(row, "count"),
  };
}
