import type { Session } from "../../sessions/session.ts";
import { first, integer, type Row, text, texts, textsOrNull, word } from "./database.ts";
import type { Step } from "./step.ts";

/** Live: neither end has come, and no revocation, disabling or deletion of the user since it was made. */
const LIVE = `idle_ends_at > ? AND absolute_ends_at > ? AND created_at > ? AND EXISTS (
  SELECT 1 FROM users WHERE users.id = sessions.sub AND users.disabled = 0 AND sessions.created_at > users.sessions_not_before)`;

const liveParams = (step: Step): number[] => [step.now, step.now, step.sessionsNotBefore];

export function liveRow(step: Step, sub: string, sid: string): Row | null {
  return first(
    step.db.all(`SELECT * FROM sessions WHERE sid = ? AND sub = ? AND ${LIVE}`, sid, sub, ...liveParams(step)),
  );
}

/** The live sessions of a user, the longest idle first. */
export function liveRows(step: Step, sub: string): readonly Row[] {
  return step.db.all(
    `SELECT * FROM sessions WHERE sub = ? AND ${LIVE} ORDER BY last_used_at, created_at, sid`,
    sub,
    ...liveParams(step),
  );
}

/** The live sessions of a user beyond the `keep` used last. */
export function excessSids(step: Step, sub: string, keep: number): readonly string[] {
  const rows = step.db.all(
    `SELECT sid FROM sessions WHERE sub = ? AND ${LIVE} ORDER BY last_used_at DESC, created_at DESC, sid DESC LIMIT -1 OFFSET ?`,
    sub,
    ...liveParams(step),
    keep,
  );
  return rows.map((row) => text(row, "sid"));
}

/** How many live sessions there are that were made at `before` or earlier; `sub`: of this user. */
export function countLive(step: Step, sub: string | null, before: number): number {
  const ofUser = sub === null ? [] : [sub];
  const where = sub === null ? "" : "AND sub = ?";
  const rows = step.db.all(
    `SELECT count(*) AS n FROM sessions WHERE created_at <= ? ${where} AND ${LIVE}`,
    before,
    ...ofUser,
    ...liveParams(step),
  );
  return integer(rows[0] ?? {}, "n");
}

/** All but the data that is kept with a session, which may be much. */
const COLUMNS = `sid, sub, client_id, channel, created_at, auth_time, amr, scopes, generation, rotated_at, shown, r_hash, secret_id,
  context, last_used_at, idle_ends_at, absolute_ends_at, address, user_agent`;

/** The record as it stands, live or not. */
export function rowOf(step: Step, sub: string, sid: string): Row | null {
  return first(step.db.all(`SELECT ${COLUMNS} FROM sessions WHERE sid = ? AND sub = ?`, sid, sub));
}

export function sessionOf(row: Row): Session {
  return {
    sid: text(row, "sid"),
    sub: text(row, "sub"),
    clientId: text(row, "client_id"),
    channel: word(row, "channel", ["cookie", "body"]),
    createdAt: integer(row, "created_at"),
    authTime: integer(row, "auth_time"),
    amr: texts(row, "amr"),
    scopes: textsOrNull(row, "scopes"),
    generation: integer(row, "generation"),
    rotatedAt: integer(row, "rotated_at"),
    shown: integer(row, "shown") !== 0,
    rHash: text(row, "r_hash"),
    secretId: text(row, "secret_id"),
    context: text(row, "context"),
    lastUsedAt: integer(row, "last_used_at"),
    idleEndsAt: integer(row, "idle_ends_at"),
    absoluteEndsAt: integer(row, "absolute_ends_at"),
    address: text(row, "address"),
    userAgent: text(row, "user_agent"),
  };
}

export function insertSession(step: Step, session: Session): void {
  step.db.all(
    `INSERT INTO sessions (sid, sub, client_id, channel, created_at, auth_time, amr, scopes, generation, rotated_at, shown,
       r_hash, secret_id, context, last_used_at, idle_ends_at, absolute_ends_at, address, user_agent, data, data_version,
       sweep_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', 0, ?)`,
    session.sid,
    session.sub,
    session.clientId,
    session.channel,
    session.createdAt,
    session.authTime,
    JSON.stringify(session.amr),
    session.scopes === null ? null : JSON.stringify(session.scopes),
    session.generation,
    session.rotatedAt,
    session.shown ? 1 : 0,
    session.rHash,
    session.secretId,
    session.context,
    session.lastUsedAt,
    session.idleEndsAt,
    session.absoluteEndsAt,
    session.address,
    session.userAgent,
    session.idleEndsAt,
  );
}

/** Stores what a refresh may change. */
export function updateSession(step: Step, session: Session): void {
  step.db.all(
    `UPDATE sessions SET generation = ?, rotated_at = ?, shown = ?, secret_id = ?, context = ?, last_used_at = ?,
       idle_ends_at = ?, address = ?, user_agent = ? WHERE sid = ?`,
    session.generation,
    session.rotatedAt,
    session.shown ? 1 : 0,
    session.secretId,
    session.context,
    session.lastUsedAt,
    session.idleEndsAt,
    session.address,
    session.userAgent,
    session.sid,
  );
}
